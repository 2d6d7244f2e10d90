/* Making elements. What comes from a catalogue or a listener enters as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Find an element of the page by its id. */
export const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make an HTML element; strings among the children become text, `onclick` becomes a listener. */
export const make = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

/** Make an SVG element. */
export const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** Cut a text for a label, at a whole character. */
export function shorten(text, limit = 80) {
  const signs = Array.from(text.slice(0, 2 * limit + 2));
  return signs.length > limit ? `${signs.slice(0, limit - 1).join("")}…` : text;
}

/** Write milliseconds as minutes:seconds, or hours:minutes:seconds. */
export function clock(duration_ms) {
  const seconds = Math.round(duration_ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, i) => (i ? String(part).padStart(2, "0") : String(part))).join(":");
}

/** Begin a text with a capital. */
export const capital = (text) => text.slice(0, 1).toLocaleUpperCase("en") + text.slice(1);
