/* The page's address holds everything that a list was asked for, under the API's own names.
 *
 * Conventions: `asked` is a URLSearchParams with known names alone and no empty value; it goes to
 * /api/playlist as it is. Functions give a new one and leave theirs alone.
 */

/** Names that say how a list is asked for; one way at a time. */
export const WAYS = [
  "say", "mood", "point", "angle", "intensity", "like", "in", "from", "to", "listener",
];

/** Names of wishes, which outlive a change of the way. */
export const WISHES = [
  "n", "minutes", "max_per_artist", "genre", "year_from", "year_to", "explicit", "tempo",
  "popularity", "variety", "surprise", "min_similarity", "profile",
];

/** Read an address's query: what the page does not know is left out. */
export function readAddress(search) {
  const given = new URLSearchParams(search);
  const asked = new URLSearchParams();
  for (const name of [...WAYS, ...WISHES]) {
    const values = given.getAll(name).filter((value) => value !== "");
    for (const value of name === "like" ? values : values.slice(0, 1)) asked.append(name, value);
  }
  return asked;
}

/** Say whether anything is asked for yet. */
export const hasWay = (asked) => WAYS.some((name) => name !== "in" && asked.has(name));

/** Ask in another way, under the same wishes. */
export function askBy(asked, way) {
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries(way)) next.append(name, value);
  for (const name of WISHES) if (asked.has(name)) next.append(name, asked.get(name));
  return next;
}

/** Change wishes: name -> value, an empty value drops the wish. */
export function wish(asked, wishes) {
  const next = new URLSearchParams(asked);
  for (const [name, value] of Object.entries(wishes)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** Write the query with its leading sign; commas and colons stay readable. */
export function query(asked) {
  const text = String(asked).replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
