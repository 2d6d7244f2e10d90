/* The switch between dark and light; without a choice the system's wish holds. */
import { byId } from "./dom.js";

/** Listen to the switch; `onChange` is called after each change of colours, whoever made it. */
export function listenToTheme(onChange) {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(isDark()));

  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      window.localStorage.setItem("moodlist-theme", root.dataset.theme);
    } catch {
      // storage is refused: the choice lasts until the page is closed
    }
    show();
    onChange();
  });
  system.addEventListener("change", () => { show(); onChange(); });
  show();
}
