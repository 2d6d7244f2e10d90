/* The page: an address is read, asked for, and shown; everything else calls `go`. */
import { askBy, hasWay, isSame, query, readAddress, WAYS, wish } from "./address.js";
import { call } from "./api.js";
import { byId, capital, clock, make, shorten } from "./dom.js";
import { makeFeedback } from "./feedback.js";
import { listenToPlane } from "./gestures.js";
import { nearestMoods, showHeard } from "./heard.js";
import { songMarks } from "./marks.js";
import { lightWords, paintMarks, paintPlane, showPlane, wordNamed } from "./plane.js";
import { listenToSearch } from "./search.js";
import { goTo, light, showSongs } from "./songs.js";
import { listenToTheme } from "./switch.js";
import { listenToWishes, showWishes } from "./wishes.js";

const LONGEST_SENTENCE = 2000;
const EXPORTS = ["m3u8", "xspf", "jspf", "csv", "json", "uris"];

let asked = readAddress(location.search);
let running = null; // the AbortController of the list under way
let last = null; // where a way that is led by Shift begins

const tell = (text) => { byId("said").textContent = text; };

const lettersOf = (text) => Array.from(text).length;

// ---- asking ----

function go(next, keepsTyped = false) {
  asked = next;
  const address = query(asked);
  if (address !== location.search) history.pushState(null, "", address || location.pathname);
  return show(keepsTyped);
}

const goBy = (way) => go(askBy(asked, way));

const goMood = (mood) => goBy({ mood });

/** Change wishes. A sentence that is written but not yet sent is asked for with them. */
function goWish(wishes) {
  const say = byId("say").value.trim();
  const isNew = say && say !== asked.get("say")?.trim() && lettersOf(say) <= LONGEST_SENTENCE;
  return isNew ? go(wish(askBy(asked, { say }), wishes)) : go(wish(asked, wishes), true);
}

function fillForm(keepsTyped) {
  if (!keepsTyped) {
    byId("say").value = asked.get("say") ?? "";
    byId("listener").value = asked.get("listener") ?? "";
    if (!asked.has("like")) byId("song").value = "";
  }
  showWishes(asked, goWish);
}

/** Read a sentence beside its list; a list without its reading is better than none. */
function readSentence(signal) {
  if (!asked.has("say")) return null;
  const params = new URLSearchParams({ text: asked.get("say") });
  return call("/api/say", { params, signal }).catch(() => null);
}

/** Ask for the list of the address; what was typed and not sent stays if the way does. */
async function show(keepsTyped = false) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  fillForm(keepsTyped);
  feedback.keepFor([...WAYS, "profile"].map((name) => asked.getAll(name).join("\n")).join("\n\n"));
  if (!hasWay(asked)) return showNothing();
  byId("list").setAttribute("aria-busy", "true");
  tell("Looking for songs.");
  const reading = readSentence(signal);
  try {
    const list = await call("/api/playlist", { params: asked, signal });
    const heard = await reading;
    if (!signal.aborted) showList(list, heard);
  } catch (error) {
    if (error.name === "AbortError" || signal.aborted) return undefined;
    showProblem(error);
  }
  if (!signal.aborted) byId("list").setAttribute("aria-busy", "false");
  return undefined;
}

// ---- showing ----

const feedback = makeFeedback({
  profile: () => asked.get("profile") ?? "default",
  again: () => {
    byId("list").focus();
    show(true);
  },
  fail: (problem) => showComplaint(problem),
  tell,
});

const hovers = { onEnter: (rank) => light(rank, true), onLeave: (rank) => light(rank, false) };

/** Name what was asked for. */
function headingOf(list) {
  if (asked.has("say")) {
    const leads = asked.has("to") ? ` to ${shorten(asked.get("to"), 60)}` : "";
    return `“${shorten(asked.get("say"), 140)}”${leads}`;
  }
  if (asked.has("listener") && !asked.has("to")) return `Listener ${list.listener}: ${list.mood}`;
  return capital(shorten(list.mood, 140));
}

/** The moods that are lit on the plane: those the address or the reading names. */
function litWords(heard) {
  const named = ["mood", "from", "to"].map((name) => asked.get(name) ?? "");
  const words = named.flatMap((text) => text.split(",").map((one) => one.split(":")[0].trim()));
  return [...words, ...(heard?.parts ?? []).map(({ mood }) => mood)];
}

function markSongs(list, heard) {
  const { from, to, point } = list.request;
  const way = from && to ? [from, to] : null;
  const target = way ? null : heard?.point ?? point ?? null;
  const said = heard ? "heard here" : "";
  paintMarks(() => songMarks(list.songs, { way, target, said, onPick: goTo, ...hovers }));
  const word = asked.has("mood") ? wordNamed(asked.get("mood")) : null;
  const end = way ? to : target;
  last = end && { value: asked.get("to") ?? end.map((x) => x.toFixed(2)).join(","), place: end };
  if (word) last = { value: word.word, place: [word.valence, word.energy] };
}

function showExports() {
  byId("foot").hidden = false;
  byId("exports").replaceChildren(
    make("span", { class: "quiet" }, "Save as"),
    ...EXPORTS.map((form) => make("a", {
      class: "plain", "data-form": form, download: true,
      href: `/api/playlist.${form}${query(asked)}`,
    }, form === "uris" ? "URIs" : form.toUpperCase())),
    make("span", { class: "spacer" }),
    make("button", { type: "button", class: "plain", id: "copy", onclick: copyLink }, "Copy link"),
  );
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    byId("copy").textContent = "Copied";
    tell("The link to this list is copied.");
  } catch {
    tell("The address bar holds the link to this list.");
    byId("copy").textContent = "See the address bar";
  }
}

function clearList() {
  showSongs([], {});
  showHeard(null);
  paintMarks(() => []);
  lightWords([]);
  last = null;
  byId("problem").replaceChildren();
  byId("notes").hidden = true;
  byId("foot").hidden = true;
  byId("empty").hidden = true;
  byId("length").textContent = "";
}

function showList(list, heard) {
  clearList();
  const heading = headingOf(list);
  const n = list.songs.length;
  const lasts = list.duration_ms ? `, ${clock(list.duration_ms)}` : "";
  const length = `${n} ${n === 1 ? "song" : "songs"}${lasts}`;
  byId("asked").textContent = heading;
  byId("length").textContent = length;
  document.title = `${shorten(heading, 60)} – Moodlist`;
  if (asked.has("like") && !byId("song").value) byId("song").value = shorten(list.mood, 120);
  showHeard(heard?.abstained ? null : heard);
  // what a sentence was heard as is shown once, above
  const notes = (list.notes ?? []).filter((note) => !(heard && note.startsWith("Heard:")));
  byId("notes").hidden = !notes.length;
  byId("notes").replaceChildren(...notes.map((note) => make("li", {}, note)));
  const wishes = `; ${(list.wishes ?? []).join(", ")}`; // the chips tell them once for all songs
  const songs = list.songs.map((song) => ({
    ...song, why: song.why.endsWith(wishes) ? song.why.slice(0, -wishes.length) : song.why,
  }));
  showSongs(songs, { ...hovers, onSay: feedback });
  lightWords(litWords(heard));
  markSongs(list, heard);
  showExports();
  tell(`${length}: ${shorten(heading, 100)}`);
}

/** Say what went wrong beside a list that still stands. */
function showComplaint(problem) {
  byId("problem").replaceChildren(capital(problem.detail ?? String(problem)));
}

function showProblem(problem) {
  clearList();
  tell("");
  byId("asked").textContent = problem.kind === "no-mood" ? "No mood found" : "No list";
  document.title = "Moodlist";
  showComplaint(problem);
  if (problem.nearest?.length) byId("problem").append(nearestMoods(problem.nearest, goMood));
  byId("list").setAttribute("aria-busy", "false");
}

function showNothing() {
  clearList();
  tell("");
  document.title = "Moodlist";
  byId("list").setAttribute("aria-busy", "false");
  byId("asked").textContent = "No songs yet";
  const example = (text, way) =>
    make("button", { type: "button", class: "plain", onclick: () => goBy(way) }, text);
  const say = "tired but content after a long day";
  byId("empty").hidden = false;
  byId("empty").replaceChildren(
    make("p", {}, "Write how you feel, choose a word on the plane, or draw a way across it."),
    make("div", { class: "nearest" },
      example(`“${say}”`, { say }),
      example("from angry to calm", { from: "angry", to: "calm" }),
      example("listener 1", { listener: "1" })),
  );
}

// ---- what stands behind it ----

function showFigures(set) {
  const n = set.n_songs.toLocaleString("en");
  const { song, listener } = set.verdicts ?? {};
  byId("figures").textContent = [
    `${n} songs.`, song && `Song model: ${song}.`, listener && `Listener model: ${listener}.`,
  ].filter(Boolean).join(" ").replaceAll("..", ".");
  if (!set.n_listeners) return;
  byId("listeners").textContent = `of ${set.n_listeners.toLocaleString("en")}`;
  byId("listener").max = set.n_listeners;
}

function showGenres({ genres }) {
  byId("genres").replaceChildren(...genres.map(({ name }) => make("option", { value: name })));
}

function listen() {
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const say = byId("say").value.trim();
    const letters = lettersOf(say);
    if (letters > LONGEST_SENTENCE) {
      const [most, has] = [LONGEST_SENTENCE, letters].map((n) => n.toLocaleString("en"));
      showProblem({ detail: `A sentence holds at most ${most} letters; this one has ${has}.` });
    } else if (say) {
      goBy({ say });
    } else {
      tell("Write how you feel, or choose a place on the plane.");
      byId("say").focus();
    }
  });
  const askListener = () => { // after Enter, leaving the field tells of the change once more
    const listener = byId("listener").value;
    if (listener && listener !== asked.get("listener")) goBy({ listener });
  };
  byId("listener").addEventListener("change", askListener);
  byId("listener").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    askListener();
  });
  listenToSearch({
    tell, onSong: (label, id) => { goBy({ like: id }); byId("song").value = label; },
  });
  listenToWishes(goWish);
  listenToPlane({
    tell,
    lastPick: () => last,
    onPick: ({ value }) => goBy(value.includes(",") ? { point: value } : { mood: value }),
    onWay: (from, to) => goBy({ from: from.value, to: to.value }),
  });
  listenToTheme(paintPlane);
  window.addEventListener("popstate", () => {
    const next = readAddress(location.search);
    if (isSame(next, asked)) return; // a place within the page, as the skip link's
    asked = next;
    show();
  });
}

async function start() {
  listen();
  // the plane first: the rows take their colours from it
  const fault = await call("/api/plane").then(showPlane).catch((problem) => problem);
  const aside = (path, use) => call(path).then(use).catch(() => {}); // the list does without
  aside("/api/set", showFigures);
  aside("/api/genres", showGenres);
  await show();
  if (fault) showComplaint(fault);
  document.documentElement.dataset.ready = "yes";
}

start();
