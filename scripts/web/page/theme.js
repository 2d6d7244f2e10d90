/* Sets the theme before the first paint: what was chosen on this machine, else the system's. */
"use strict";
(() => {
  let chosen = null;
  try {
    chosen = window.localStorage.getItem("moodlist-theme");
  } catch {
    // storage is refused: the system's theme holds
  }
  if (chosen === "dark" || chosen === "light") {
    document.documentElement.dataset.theme = chosen;
  }
})();
