/* Applies the theme chosen in the account menu before the first paint. Without a choice, CSS follows the system. */
(() => {
  const KEY = "rollcall-theme";
  const root = document.documentElement;

  // Browsers can block storage. Then the choice lasts for this page.
  const stored = () => {
    try {
      return localStorage.getItem(KEY) ?? "system";
    } catch {
      return "system";
    }
  };

  const store = (choice) => {
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // See above.
    }
  };

  const apply = (choice) => {
    root.dataset.theme = choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };

  root.classList.add("js");
  apply(stored());

  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  window.addEventListener("storage", (event) => event.key === KEY && apply(stored()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (!button) return;
    store(button.dataset.themeChoice);
    apply(button.dataset.themeChoice);
  });
})();
