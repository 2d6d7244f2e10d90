/* What a hand or the keyboard does on the plane: pick a place, or lead a way from one to another.
 *
 * Conventions: a pick is {value, place}: `value` is what the API is asked for, a word or "v,e".
 */
import { byId } from "./dom.js";
import { paintPull, putAt, toPlace, wordNamed, wordNear } from "./plane.js";

const SLACK = 7; // pixels a click may tremble
const SNAP = 16; // pixels within which a way begins or ends at a word

const box = byId("plane");
const cursor = byId("cursor");
const wayButton = byId("way");

const written = (v, e) => `${v.toFixed(2)},${e.toFixed(2)}`;

const pickWord = (word) => ({ value: word.word, place: [word.valence, word.energy] });

const pickPlace = (v, e) => ({ value: written(v, e), place: [v, e] });

function wordUnder(x, y) {
  const button = document.elementFromPoint(x, y)?.closest?.(".word");
  return button ? wordNamed(button.dataset.word) : null;
}

function pickForWay(x, y) {
  const place = toPlace(x, y);
  const word = wordUnder(x, y) ?? wordNear(...place, SNAP);
  return word ? pickWord(word) : pickPlace(...place);
}

/** Listen to the plane. `onPick(pick)` asks near a place, `onWay(from, to)` for a way; `lastPick`
 *  gives where Shift leads from; `tell(text)` speaks. */
export function listenToPlane({ onPick, onWay, lastPick, tell }) {
  let pressed = null; // where a pointer went down: {id, x, y, from}
  let dragging = false;
  let from = null; // the first half of a way that is drawn in two steps

  function drawWay(on) {
    from = null;
    paintPull(null);
    wayButton.setAttribute("aria-pressed", String(on));
  }

  function choose(pick, leads) {
    const drawing = wayButton.getAttribute("aria-pressed") === "true";
    const start = from ?? (leads && !drawing ? lastPick() : null);
    if (start) {
      drawWay(false);
      onWay(start, pick);
    } else if (drawing || leads) {
      wayButton.setAttribute("aria-pressed", "true");
      from = pick;
      paintPull(pick.place);
      tell(`The way begins at ${pick.value}. Choose where it leads.`);
    } else {
      onPick(pick);
    }
  }

  wayButton.addEventListener("click", () => {
    const on = wayButton.getAttribute("aria-pressed") !== "true";
    drawWay(on);
    tell(on ? "Choose where the way begins, then where it leads." : "No way is drawn.");
  });

  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    dragging = false;
    pressed = { id: event.pointerId, x: event.clientX, y: event.clientY };
  });

  box.addEventListener("pointermove", (event) => {
    if (!pressed || event.pointerId !== pressed.id) return;
    if (!(event.buttons & 1)) { // it was let go outside the window
      pressed = null;
      return;
    }
    const { x, y } = pressed;
    if (!dragging && Math.hypot(event.clientX - x, event.clientY - y) > SLACK) {
      pressed.from = pickForWay(x, y);
      dragging = true;
      box.setPointerCapture(event.pointerId);
    }
    if (dragging) paintPull(pressed.from.place, pickForWay(event.clientX, event.clientY).place);
  });

  box.addEventListener("pointerup", (event) => {
    if (!pressed || event.pointerId !== pressed.id) return;
    const start = pressed.from;
    pressed = null;
    if (!dragging) return;
    drawWay(false);
    onWay(start, pickForWay(event.clientX, event.clientY));
  });

  box.addEventListener("pointercancel", () => {
    pressed = null;
    paintPull(from?.place ?? null);
  });

  box.addEventListener("click", (event) => {
    const ended = dragging && event.detail > 0; // the click that ends a drag; a key's has no count
    dragging = false;
    if (ended) return;
    const button = event.target.closest(".word");
    const pick = button
      ? pickWord(wordNamed(button.dataset.word))
      : pickPlace(...toPlace(event.clientX, event.clientY));
    choose(pick, event.shiftKey);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!pressed && event.target !== wayButton && !box.contains(event.target)) return;
    if (pressed) dragging = true; // the click that is to come asks for nothing either
    pressed = null;
    drawWay(false);
  });

  listenToKeys(choose);
}

function listenToKeys(choose) {
  let place = [0.5, 0.5];

  function show() {
    const [v, e] = place;
    putAt(cursor, v, e);
    cursor.setAttribute("aria-valuenow", String(Math.round(100 * v)));
    const near = wordNear(v, e)?.word ?? "no word";
    const told = `valence ${v.toFixed(2)}, energy ${e.toFixed(2)}, near ${near}`;
    cursor.setAttribute("aria-valuetext", told);
  }

  const steps = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    PageUp: [0, 5], PageDown: [0, -5], Home: [-50, 0], End: [50, 0],
  };

  cursor.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = steps[event.key];
    if (step) {
      const size = event.shiftKey ? 0.1 : 0.02;
      const moved = (x, i) => Math.round(100 * (x + size * step[i])) / 100;
      place = place.map((x, i) => Math.min(1, Math.max(0, moved(x, i))));
      show();
    } else if (event.key === "Enter" || event.key === " ") {
      choose(pickPlace(...place), event.shiftKey);
    } else {
      return;
    }
    event.preventDefault();
  });

  cursor.addEventListener("focus", show);
  show();
}
