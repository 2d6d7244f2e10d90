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

const YES = new Set(["true", "1", "yes"]);
const NO = new Set(["false", "0", "no"]);

const MOST_ON_A_WAY = 200; // songs

/** Write a value as the form does, where the API takes it in several spellings. */
function normal(name, value) {
  if (name === "tempo" || name === "popularity") return value.replaceAll("–", "-");
  if (name !== "explicit") return value;
  const said = value.toLowerCase();
  return YES.has(said) ? "true" : NO.has(said) ? "false" : value;
}

/** Read an address's query: what the page does not know is left out. */
export function readAddress(search) {
  const given = new URLSearchParams(search);
  const asked = new URLSearchParams();
  for (const name of [...WAYS, ...WISHES]) {
    const values = given.getAll(name).filter((value) => value !== "");
    const taken = name === "like" ? values : values.slice(0, 1);
    for (const value of taken) asked.append(name, normal(name, value));
  }
  return asked;
}

/** Say whether anything is asked for yet. */
export const hasWay = (asked) => WAYS.some((name) => name !== "in" && asked.has(name));

/** Say whether two addresses ask for the same, in whatever order. */
export const isSame = (one, other) => {
  const sorted = (asked) => String(readAddress(String(asked)));
  return sorted(one) === sorted(other);
};

/** Whether a wish can be heard in a way to ask: those that cannot would make it a refusal. */
function suits(name, way) {
  if (name === "min_similarity") return "say" in way && !("to" in way);
  return !(name === "variety" && "to" in way);
}

/** Ask in another way, under the same wishes as far as they suit it. */
export function askBy(asked, way) {
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries(way)) next.append(name, value);
  for (const name of WISHES) {
    if (asked.has(name) && suits(name, way)) next.append(name, asked.get(name));
  }
  if ("to" in way && Number(next.get("n")) > MOST_ON_A_WAY) next.set("n", String(MOST_ON_A_WAY));
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
