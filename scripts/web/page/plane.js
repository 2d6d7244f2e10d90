/* The plane: the catalogue as a faint cloud, the sixteen words, and what is marked on it.
 *
 * Conventions: places are (v, e), valence to the right and energy upwards, each 0 to 1. The square
 * shows a little more than the plane, `EDGE` on every side, so that words at the rim find room.
 * Pixels are CSS pixels from the upper left corner.
 */
import { byId, draw, make } from "./dom.js";

const EDGE = 0.07;

/* where a word's name stands beside its place, so that neighbours do not meet */
const SIDES = {
  anxious: "west", fearful: "south", sad: "north", gloomy: "south", relaxed: "south",
  melancholic: "east", excited: "east",
};

/* song moods that stand on the plane under another word */
const OTHER_WORDS = { uplifting: "joyful", party: "excited" };

const box = byId("plane");
const canvas = byId("cloud");
const svg = byId("marks");
const layers = Object.fromEntries(
  ["grid", "places", "marks", "pull"].map((name) => [name, svg.appendChild(draw("g"))]),
);

let side = 1;
let words = [];
let cloud = null;
let repaint = () => {};

const share = (x) => (x + EDGE) / (1 + 2 * EDGE);

/** Turn a place into pixels. */
export const toPixels = (v, e) => [share(v) * side, (1 - share(e)) * side];

/** Turn a point of the window into a place, to two decimals and inside the plane. */
export function toPlace(clientX, clientY) {
  const seen = box.getBoundingClientRect();
  const round = (x) => Math.round(100 * (x * (1 + 2 * EDGE) - EDGE)) / 100;
  const inside = (x) => Math.min(1, Math.max(0, round(x)));
  return [
    inside((clientX - seen.left) / seen.width),
    inside(1 - (clientY - seen.top) / seen.height),
  ];
}

/** The boxes [left, top, right, bottom] of the names on the plane, in pixels; names of one place,
 *  which stand above and below it, share a box. */
export function nameBoxes() {
  const seen = box.getBoundingClientRect();
  const boxes = new Map();
  for (const name of box.querySelectorAll(".word, .axis")) {
    const { left, top, right, bottom } = name.getBoundingClientRect();
    const one = [left - seen.left, top - seen.top + 3, right - seen.left, bottom - seen.top - 3];
    const key = name.style.left ? name.style.left + name.style.top : name.className;
    const other = boxes.get(key) ?? one;
    boxes.set(key, one.map((x, i) => (i < 2 ? Math.min(x, other[i]) : Math.max(x, other[i]))));
  }
  return [...boxes.values()];
}

/** The width of the square in pixels. */
export const planeSide = () => side;

/** Find a word of the plane by name, or null. */
export const wordNamed = (name) => words.find(({ word }) => word === name) ?? null;

/** Find the word nearest to a place, within so many pixels; null if none is. */
export function wordNear(v, e, reach = Infinity) {
  const [x, y] = toPixels(v, e);
  let best = null;
  let least = reach;
  for (const one of words) {
    const [left, top] = toPixels(one.valence, one.energy);
    const away = Math.hypot(left - x, top - y);
    if (away < least) [best, least] = [one, away];
  }
  return best;
}

function paintGrid() {
  const [left, top] = toPixels(0, 1);
  const [right, bottom] = toPixels(1, 0);
  const [x, y] = toPixels(0.5, 0.5);
  layers.grid.replaceChildren(
    draw("path", { class: "grid", d: `M${left} ${y}H${right}M${x} ${top}V${bottom}` }),
    draw("circle", { class: "grid", cx: x, cy: y, r: (right - left) / 2 }),
  );
  const places = new Map(words.map((one) => [`${one.valence},${one.energy}`, one]));
  layers.places.replaceChildren(
    ...[...places.values()].map((one) => {
      const [cx, cy] = toPixels(one.valence, one.energy);
      return draw("circle", { class: `place ${one.quadrant}`, cx, cy, r: 3 });
    }),
  );
}

function paintCloud() {
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round(side * scale);
  const pen = canvas.getContext("2d");
  if (!cloud || !pen) return;
  const look = getComputedStyle(box);
  const hue = (quadrant) => look.getPropertyValue(`--${quadrant}`).trim() || "gray";
  const colors = cloud.moods.map((mood) => hue(cloud.quadrants[mood] ?? "none"));
  const many = cloud.valence.length > 1500;
  const size = (many ? 1.1 : 1.5) * scale;
  pen.globalAlpha = many ? 0.22 : 0.3;
  for (let i = 0; i < cloud.valence.length; i += 1) {
    const [x, y] = toPixels(cloud.valence[i] / cloud.scale, cloud.energy[i] / cloud.scale);
    pen.fillStyle = colors[cloud.mood[i]];
    pen.beginPath();
    pen.arc(x * scale, y * scale, size, 0, 7);
    pen.fill();
  }
}

/** Paint everything anew: after a change of size or theme. */
export function paintPlane() {
  side = box.clientWidth || 1;
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  paintGrid();
  paintCloud();
  repaint();
}

/** Put an element at a place. */
export function putAt(element, v, e) {
  element.style.left = `${100 * share(v)}%`;
  element.style.top = `${100 * (1 - share(e))}%`;
}

/** Show the plane that /api/plane told of. */
export function showPlane(told) {
  words = told.words;
  cloud = { ...told.cloud, moods: told.moods, quadrants: told.quadrants };
  byId("words").replaceChildren(
    ...words.map(({ word, valence, energy }) => {
      const button = make("button", {
        type: "button", class: "word", "data-word": word, "data-side": SIDES[word] ?? "east",
        "aria-pressed": "false",
      }, word);
      putAt(button, valence, energy);
      return button;
    }),
  );
  paintPlane();
}

/** The quadrant of a song mood, as a class name; "none" for spoken words. */
export const quadrantOf = (mood) => cloud?.quadrants[mood] ?? "none";

/** Mark the words of the moods that are asked for. */
export function lightWords(names) {
  const lit = names.map((name) => OTHER_WORDS[name] ?? name);
  for (const button of byId("words").children) {
    const on = lit.includes(button.dataset.word);
    button.classList.toggle("on", on);
    button.setAttribute("aria-pressed", String(on));
  }
}

/** Paint marks with a function that is called again whenever the plane's size changes. */
export function paintMarks(paint) {
  repaint = () => layers.marks.replaceChildren(...paint());
  repaint();
}

/** Draw the line of a way while it is dragged; without places, take it away. */
export function paintPull(from, to) {
  layers.pull.replaceChildren();
  if (!from) return;
  const [x1, y1] = toPixels(...from);
  layers.pull.append(draw("circle", { class: "target", cx: x1, cy: y1, r: 7 }));
  if (!to) return;
  const [x2, y2] = toPixels(...to);
  layers.pull.append(
    draw("path", { class: "pull", d: `M${x1} ${y1}L${x2} ${y2}` }),
    draw("circle", { class: "target", cx: x2, cy: y2, r: 7 }),
  );
}

new ResizeObserver(() => {
  if (box.clientWidth !== side) paintPlane();
}).observe(box);
