/* What a sentence was heard as: moods with their probabilities, the words that decided, a place. */
import { byId, make } from "./dom.js";
import { quadrantOf } from "./plane.js";

const MOST_MOODS = 4;
const LEAST_SHARE = 0.03;
const MOST_WORDS = 5;
const LEAST_WEIGHT = 0.07; // of the strongest word's

const percent = (p) => (p > 0 && p < 0.005 ? "<1%" : `${Math.round(100 * p)}%`);

function moodBar(mood, p) {
  const bar = make("i");
  bar.style.width = `${Math.round(100 * p)}%`;
  return make("li", { class: quadrantOf(mood) },
    mood, make("span", { class: "bar", "aria-hidden": "true" }, bar), percent(p));
}

function decided(words) {
  const enough = LEAST_WEIGHT * Math.abs(words[0]?.weight ?? 0); // below 0: it spoke against
  const told = words.filter(({ weight }) => Math.abs(weight) >= enough).slice(0, MOST_WORDS);
  const parts = told.flatMap(({ word, says }, i) => [
    i ? ", " : "", make("b", {}, make("bdi", {}, word)),
    says && says !== word ? ` (${says})` : "",
  ]);
  return parts.length ? ["Decided by ", ...parts, ". "] : [];
}

/** How surely it was heard, in the words of the figure that was measured. */
function surely(confidence) {
  return confidence === undefined || confidence === null ? ""
    : ` Of sentences heard as surely, ${percent(confidence)} are heard right as to the quarter.`;
}

/** The moods that are asked for in a sentence's name, with their shares. */
function served(parts) {
  const shares = (parts ?? []).map(({ share, mood }) => `${mood} ${percent(share)}`);
  return shares.length ? `Served as ${shares.join(", ")}. ` : "";
}

/** Buttons for the moods that come nearest. */
export function nearestMoods(nearest, onMood) {
  return make("div", { class: "nearest", role: "group", "aria-label": "Nearest moods" },
    ...nearest.map(({ mood, probability }) => make("button", {
      type: "button", onclick: () => onMood(mood),
    }, probability === undefined ? mood : `${mood} ${percent(probability)}`)));
}

/** Show a reading; null hides it. */
export function showHeard(reading) {
  const box = byId("heard");
  box.hidden = !reading;
  box.replaceChildren();
  if (!reading) return;
  const moods = Object.entries(reading.moods).sort((a, b) => b[1] - a[1])
    .filter(([, p]) => p >= LEAST_SHARE).slice(0, MOST_MOODS);
  const [v, e] = reading.point;
  box.append(
    make("ul", { class: "heard-moods", "aria-label": "Heard as" },
      ...moods.map(([mood, p]) => moodBar(mood, p))),
    make("p", { class: "heard-words quiet" }, served(reading.parts), ...decided(reading.words),
      `Heard at valence ${v.toFixed(2)}, energy ${e.toFixed(2)}.`, surely(reading.confidence),
      reading.model === "words" ? " Read by words alone: the lesser model." : ""),
  );
}
