/* The list: a row a song, with its reasons and what can be said of it. */
import { byId, capital, clock, draw, make, shorten } from "./dom.js";
import { quadrantOf } from "./plane.js";

const SPOTIFY_ID = /^[0-9A-Za-z]{22}$/;

/* word of feedback -> [its label, its picture, a path in a square of 24] */
const SAYS = {
  like: ["Like", "M12 20q-9-7-9-11.4a4.6 4.6 0 0 1 9-1.6a4.6 4.6 0 0 1 9 1.6q0 4.4-9 11.4Z"],
  skip: ["Skip", "M5 5v14l9-7ZM18 5v14"],
  never: ["Never play", "M5.6 5.6l12.8 12.8M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18Z"],
};

function titleOf(song) {
  const text = make("bdi", {}, song.title);
  if (!SPOTIFY_ID.test(song.song_id)) return make("span", { class: "title" }, text);
  return make("a", {
    class: "title", href: `https://open.spotify.com/track/${song.song_id}`, target: "_blank",
    rel: "noopener noreferrer",
  }, text);
}

function sayButton(word, song, onSay) {
  const [label, d] = SAYS[word];
  const picture = { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" };
  return make("button", {
    type: "button", "data-says": word, "aria-pressed": "false", title: label,
    "aria-label": `${label}: ${shorten(song.title)}`,
    onclick: (event) => onSay(word, song, event.currentTarget),
  }, draw("svg", picture, draw("path", { d })));
}

function rowOf(song, { onEnter, onLeave, onSay }) {
  const year = song.year ? ` · ${song.year}` : "";
  return make("li", {
    class: `song ${quadrantOf(song.mood)}`, "data-rank": song.rank,
    onpointerenter: () => onEnter(song.rank), onpointerleave: () => onLeave(song.rank),
    onfocusin: () => onEnter(song.rank), onfocusout: () => onLeave(song.rank),
  },
  make("span", { class: "number" }, String(song.rank)),
  make("div", { class: "what" },
    make("div", { class: "name" }, titleOf(song),
      make("span", { class: "artist" }, make("bdi", {}, song.artist), year)),
    make("p", { class: "why" }, `${capital(song.mood)}: ${song.why}`)),
  make("span", { class: "time" }, song.duration_ms ? clock(song.duration_ms) : ""),
  make("div", { class: "says" }, ...Object.keys(SAYS).map((word) => sayButton(word, song, onSay))));
}

/** Show the songs of a list; what is unknown of a song is left blank. */
export function showSongs(songs, does) {
  byId("songs").replaceChildren(...songs.map((song) => rowOf(song, does)));
}

/** Light a song up, in the list and on the plane, or put it out. */
export function light(rank, on) {
  for (const node of document.querySelectorAll(`[data-rank="${rank}"]`)) {
    node.classList.toggle("on", on);
    if (on && node.closest("svg") && node.nextSibling) node.parentNode.append(node); // in front
  }
}

/** Bring a song's row into view, as its number on the plane was chosen. */
export function goTo(rank) {
  const row = byId("songs").querySelector(`[data-rank="${rank}"]`);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  row?.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}
