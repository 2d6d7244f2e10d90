/* Like, skip, never: telling the server, and taking it back. */
import { call } from "./api.js";
import { byId, make } from "./dom.js";

/** Make the function that a song's buttons call: (word, song, button).
 *
 * `profile()` names whose feedback it is; `again()` asks for the list anew; `fail(problem)` shows
 * what went wrong; `tell(text)` speaks. */
export function makeFeedback({ profile, again, fail, tell }) {
  const said = []; // buttons in the order they were pressed, for undo
  const bar = make("div", { class: "undo", hidden: true });
  byId("songs").before(bar);

  function show(text) {
    const button = (label, onclick) =>
      make("button", { type: "button", class: "plain", onclick }, label);
    bar.hidden = false;
    bar.replaceChildren(make("span", {}, text), button("Ask again", again));
    if (said.length) bar.append(button("Undo", undo));
    tell(text);
  }

  async function undo() {
    const { button, whose } = said[said.length - 1];
    try {
      const params = new URLSearchParams({ profile: whose });
      const told = await call("/api/feedback", { method: "DELETE", params });
      said.pop();
      button.setAttribute("aria-pressed", "false");
      show(told.told);
      if (button.isConnected) button.focus();
    } catch (problem) {
      fail(problem);
    }
  }

  async function say(word, song, button) {
    if (button.getAttribute("aria-pressed") === "true") return;
    const whose = profile();
    try {
      const body = { word, song: song.song_id, profile: whose };
      const told = await call("/api/feedback", { method: "POST", body });
      button.setAttribute("aria-pressed", "true");
      said.push({ button, whose });
      show(told.told);
    } catch (problem) {
      fail(problem);
    }
  }

  /** Hide the bar: a new list is there. */
  say.clear = () => { bar.hidden = true; said.length = 0; };
  return say;
}
