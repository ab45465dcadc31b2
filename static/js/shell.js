/* The frame of the page: one polite live line, what can be dismissed, the sidebar as an offcanvas. */
(() => {
  "use strict";

  /* Says a sentence to screen readers. What lies outside an open dialog is silent to some of them, so
     that the dialog has a line of its own. */
  const announce = (sentence) => {
    const inDialog = document.querySelector(".modal.show [data-live-line]");
    const line = inDialog || document.querySelector("body > [data-live-line]");
    if (line && sentence) line.textContent = sentence;
  };
  window.rollcall = { announce };

  const nextFocus = (gone) => {
    const next = gone.nextElementSibling || gone.previousElementSibling;
    return next?.querySelector("button, a[href]") || document.getElementById("content");
  };

  document.addEventListener("click", (event) => {
    const dismiss = event.target.closest?.("[data-dismiss]");
    const gone = dismiss?.closest(dismiss.dataset.dismiss);
    if (gone) {
      const next = nextFocus(gone);
      gone.remove();
      next?.focus();
      return;
    }

    // A dialog opens over the page, not over the sidebar.
    const leads = event.target.closest?.("#sidebar a[href]");
    if (leads) {
      const sidebar = bootstrap.Offcanvas.getInstance(leads.closest("#sidebar"));
      sidebar?.hide();
    }
  });

  // A banner that was closed on the server leaves too; the keyboard goes on from its neighbour.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const banner = event.detail.target;
    if (!banner?.matches?.(".rc-banner") || !banner.contains(document.activeElement)) return;
    const next = nextFocus(banner);
    requestAnimationFrame(() => next?.focus());
  });
})();
