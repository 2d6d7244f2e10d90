/* Like, skip, never: telling the server, and taking it back.
 *
 * Conventions: what is told and what is taken back goes out one after the other, because the server
 * takes back the last it was told.
 */
import { call } from "./api.js";
import { byId, make } from "./dom.js";

/** Make the function that a song's buttons call: (word, song, button).
 *
 * `profile()` names whose feedback it is; `again()` asks for the list anew; `fail(problem)` shows
 * what went wrong; `tell(text)` speaks. */
export function makeFeedback({ profile, again, fail, tell }) {
  const said = []; // {button, whose} in the order they were told, for undo
  const pending = new Set(); // buttons that wait for the server
  let line = Promise.resolve();
  let kept = ""; // what the bar stands for
  let takesBack = false;
  const bar = make("div", { class: "undo", hidden: true });
  byId("songs").before(bar);

  const inLine = (task) => { line = line.then(task).catch(fail); return line; };

  function show(text) {
    const button = (label, onclick) =>
      make("button", { type: "button", class: "plain", onclick }, label);
    bar.hidden = false;
    bar.replaceChildren(make("span", {}, text), button("Ask again", again));
    if (said.length) bar.append(button("Undo", undo));
    tell(text);
  }

  async function takeBack() {
    const one = said.pop();
    if (!one) return;
    const since = kept;
    try {
      const params = new URLSearchParams({ profile: one.whose });
      const told = await call("/api/feedback", { method: "DELETE", params });
      one.button.setAttribute("aria-pressed", "false");
      if (since !== kept) return;
      show(told.told);
      (one.button.isConnected ? one.button : bar.querySelector("button")).focus();
    } catch (problem) {
      if (since === kept) said.push(one);
      throw problem;
    }
  }

  async function undo() {
    if (takesBack) return;
    takesBack = true;
    await inLine(takeBack);
    takesBack = false;
  }

  async function send({ word, song, button, whose, since }) {
    const body = { word, song: song.song_id, profile: whose };
    const told = await call("/api/feedback", { method: "POST", body });
    button.setAttribute("aria-pressed", "true");
    if (since !== kept) return; // another list is there: it can no more be taken back from here
    said.push({ button, whose });
    show(told.told);
  }

  async function say(word, song, button) {
    if (pending.has(button) || button.getAttribute("aria-pressed") === "true") return;
    pending.add(button);
    const one = { word, song, button, whose: profile(), since: kept };
    await inLine(() => send(one));
    pending.delete(button);
  }

  /** Keep the bar while the way to ask and the profile are the same; empty it for another. */
  say.keepFor = (what) => {
    if (what === kept) return;
    kept = what;
    said.length = 0;
    bar.hidden = true;
  };
  return say;
}
