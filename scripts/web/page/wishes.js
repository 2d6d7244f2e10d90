/* The wishes: the form's fields, the address, and a chip for each wish that holds. */
import { WISHES } from "./address.js";
import { byId, make, shorten } from "./dom.js";

const PLAIN = [
  "n", "minutes", "max_per_artist", "genre", "year_from", "year_to", "explicit", "profile",
];
const RANGES = ["tempo", "popularity"];
const FIELDS = [...PLAIN, ...RANGES, "variety"];

const shown = new Map(); // wish -> what its field says of the address

const SAID = {
  n: (x) => `${x} songs`,
  minutes: (x) => `${x} minutes`,
  max_per_artist: (x) => `at most ${x} by one artist`,
  genre: (x) => x,
  year_from: (x) => `from ${x}`,
  year_to: (x) => `to ${x}`,
  explicit: (x) => (x === "false" ? "no explicit songs" : "only explicit songs"),
  tempo: (x) => `${x} bpm`,
  popularity: (x) => `popularity ${x}`,
  variety: (x) => `variety ${x}`,
  surprise: (x) => `surprise ${x}`,
  min_similarity: (x) => `lyrics as near as ${x}`,
  profile: (x) => `profile ${x}`,
};

function rangeOf(name) {
  const [low, high] = ["from", "to"].map((end) => byId(`${name}_${end}`).value.trim());
  return low || high ? `${low}-${high}` : "";
}

/** Read a wish from the form; empty for none. */
function readWish(name) {
  if (RANGES.includes(name)) return rangeOf(name);
  const value = byId(name).value.trim();
  return name === "variety" && value === "0" ? "" : value;
}

function showChips(asked, onDrop) {
  const held = WISHES.filter((name) => asked.has(name));
  byId("chips").replaceChildren(...held.map((name) => {
    const said = shorten(SAID[name](asked.get(name)), 40);
    return make("li", {}, make("button", {
      type: "button", "aria-label": `Drop the wish: ${said}`, onclick: () => onDrop({ [name]: "" }),
    }, `${said} ×`));
  }));
}

/** Show the wishes of an address in the form and as chips. */
export function showWishes(asked, onDrop) {
  for (const name of PLAIN) byId(name).value = asked.get(name) ?? "";
  for (const name of RANGES) {
    const [low, high] = (asked.get(name) ?? "").split("-").map((end) => end.trim());
    byId(`${name}_from`).value = low ?? "";
    byId(`${name}_to`).value = high ?? "";
  }
  byId("variety").value = asked.get("variety") ?? "0";
  for (const name of FIELDS) shown.set(name, readWish(name));
  showChips(asked, onDrop);
}

/** Listen to the form: `onChange(wishes)` whenever a field was changed, with what differs from what
 *  was shown: a field may be too coarse to hold what the address holds of the other wishes. */
export function listenToWishes(onChange) {
  const box = byId("wishes");
  const toggle = byId("wishes-switch");
  toggle.addEventListener("click", () => {
    box.hidden = !box.hidden;
    toggle.setAttribute("aria-expanded", String(!box.hidden));
  });
  box.addEventListener("change", (event) => {
    const changed = FIELDS.filter((name) => readWish(name) !== shown.get(name));
    if (!changed.length) return;
    const wishes = Object.fromEntries(changed.map((name) => [name, readWish(name)]));
    if ("n" in wishes && event.target.id !== "minutes") wishes.minutes = "";
    else if (wishes.minutes) wishes.n = "";
    onChange(wishes);
  });
  byId("forget").addEventListener("click", () => {
    onChange(Object.fromEntries(WISHES.map((name) => [name, ""])));
  });
}
