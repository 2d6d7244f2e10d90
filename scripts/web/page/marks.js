/* The songs of a list on the plane: a spot at each place, and a numbered badge close to it.
 *
 * Method: badges that would cover each other are pushed apart in a fixed number of rounds while a
 * spring holds each near its spot; the same list gives the same picture. Long lists are drawn as
 * spots alone.
 */
import { draw } from "./dom.js";
import { nameBoxes, planeSide, quadrantOf, toPixels } from "./plane.js";

const RADIUS = 9.5;
const ROUNDS = 160;
const MOST_BADGES = 40;

/** Push a centre out of a name's box [left, top, right, bottom] by the shortest way. */
function leaveBox(place, [left, top, right, bottom], radius) {
  const out = [left - radius - place[0], right + radius - place[0],
    top - radius - place[1], bottom + radius - place[1]];
  if (out[0] >= 0 || out[1] <= 0 || out[2] >= 0 || out[3] <= 0) return;
  const away = out.map(Math.abs);
  const nearest = away.indexOf(Math.min(...away));
  place[nearest < 2 ? 0 : 1] += out[nearest];
}

/** Move centres apart until none is nearer to another than `gap`, nor on a name; gives new ones. */
export function spread(spots, gap, side, boxes = []) {
  const inside = (x) => Math.min(side - gap / 2 - 1, Math.max(gap / 2 + 1, x));
  const at = spots.map(([x, y], i) => [x + 0.01 * Math.cos(2.4 * i), y + 0.01 * Math.sin(2.4 * i)]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const pull = 0.03 * (1 - round / ROUNDS);
    at.forEach((place, i) => {
      place[0] += pull * (spots[i][0] - place[0]);
      place[1] += pull * (spots[i][1] - place[1]);
    });
    for (let i = 0; i < at.length; i += 1) {
      for (let j = i + 1; j < at.length; j += 1) {
        const across = at[j][0] - at[i][0];
        const down = at[j][1] - at[i][1];
        const away = Math.hypot(across, down) || 1e-6;
        if (away >= gap) continue;
        const step = (gap - away) / 2 / away;
        at[i] = [at[i][0] - step * across, at[i][1] - step * down];
        at[j] = [at[j][0] + step * across, at[j][1] + step * down];
      }
    }
    for (const place of at) boxes.forEach((box) => leaveBox(place, box, gap / 2));
    for (const place of at) place.forEach((x, axis) => { place[axis] = inside(x); });
  }
  return at;
}

function mark(song, spot, badge, { onEnter, onLeave, onPick }) {
  const hue = quadrantOf(song.mood);
  const [cx, cy] = spot;
  const parts = [draw("circle", { class: `spot ${hue}`, cx, cy, r: badge ? 2.5 : 4 })];
  if (badge) {
    parts.unshift(
      draw("line", { class: "leader", x1: cx, y1: cy, x2: badge[0], y2: badge[1] }),
    );
    parts.push(
      draw("circle", { class: `badge ${hue}`, cx: badge[0], cy: badge[1], r: RADIUS }),
      draw("text", { x: badge[0], y: badge[1] }, String(song.rank)),
    );
  }
  return draw("g", {
    class: "dot", "data-rank": song.rank,
    onpointerenter: () => onEnter(song.rank),
    onpointerleave: () => onLeave(song.rank),
    onclick: (event) => { event.stopPropagation(); onPick(song.rank); },
  }, ...parts);
}

/** Draw a list's songs, its way if it is one, and a ring around the place that was meant. */
export function songMarks(songs, { way = null, target = null, said = "", ...does }) {
  const spots = songs.map((song) => toPixels(song.valence, song.energy));
  const drawn = [];
  if (way) {
    const line = [toPixels(...way[0]), ...spots, toPixels(...way[1])];
    const steps = line.map((place) => place.join(" "));
    drawn.push(draw("path", { class: "way", d: `M${steps.join("L")}` }));
  }
  for (const [i, place] of [...(way ?? []), ...(target ? [target] : [])].entries()) {
    const [cx, cy] = toPixels(...place);
    drawn.push(draw("circle", { class: "target", cx, cy, r: way && i === 0 ? 5 : 8 }));
  }
  if (target && said) {
    const [x, y] = toPixels(...target);
    drawn.push(draw("text", { class: "said", x, y: y - 14 }, said));
  }
  const badges = songs.length > MOST_BADGES
    ? [] : spread(spots, 2 * RADIUS + 1.5, planeSide(), nameBoxes());
  songs.forEach((song, i) => drawn.push(mark(song, spots[i], badges[i], does)));
  return drawn;
}
