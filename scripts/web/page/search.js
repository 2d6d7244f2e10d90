/* Finding a song while its name is typed: a combobox with a list, as ARIA describes it. */
import { call } from "./api.js";
import { byId, make } from "./dom.js";

const PAUSE_MS = 140;

/** Listen to the song field: `onSong(label, id)` when one is chosen; `tell(text)` speaks. */
export function listenToSearch({ onSong, tell }) {
  const field = byId("song");
  const list = byId("songs-found");
  let found = [];
  let chosen = -1;
  let timer = 0;
  let running = null;

  function close() {
    window.clearTimeout(timer);
    running?.abort();
    found = [];
    chosen = -1;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function choose(i) {
    const song = found[i];
    if (!song) return;
    field.value = song.label;
    close();
    onSong(song.label, song.song_id);
  }

  function mark(i) {
    chosen = i;
    [...list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === i)));
    if (i < 0) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    field.setAttribute("aria-activedescendant", `found-${i}`);
    list.children[i].scrollIntoView({ block: "nearest" });
  }

  function show(songs) {
    found = songs;
    list.replaceChildren(...songs.map((song, i) => make("li", {
      role: "option", id: `found-${i}`, "aria-selected": "false",
      onpointerdown: (event) => { event.preventDefault(); choose(i); },
    },
    make("span", {}, make("bdi", {}, song.title)),
    make("span", {}, make("bdi", {}, song.artist), song.year ? ` · ${song.year}` : ""))));
    list.hidden = !songs.length;
    field.setAttribute("aria-expanded", String(songs.length > 0));
    mark(-1);
    tell(songs.length ? `${songs.length} songs found; arrows choose.` : "No song of this name.");
  }

  async function look() {
    const text = field.value.trim();
    if (!text) return close();
    running?.abort();
    running = new AbortController();
    const params = new URLSearchParams({ q: text.slice(0, 200) });
    try {
      const told = await call("/api/songs", { params, signal: running.signal });
      if (document.activeElement === field) show(told.songs);
    } catch (error) {
      if (error.name !== "AbortError") tell(error.detail ?? "The songs could not be searched.");
    }
    return undefined;
  }

  field.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, PAUSE_MS);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (found.length) mark((chosen + step + found.length) % found.length);
      else look();
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const text = field.value.trim();
      if (chosen >= 0) choose(chosen);
      else if (text) { close(); onSong(text, text); }
    }
  });
}
