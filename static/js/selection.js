/* Rows of a table are chosen with their checkboxes; while some are, the tools give way to what can be done
   with them.

   data-selection            round tools and table; data-selection-total, on it or in it: how many match in all
   data-select-row           a row's checkbox         data-select-page  the one that chooses the page
   data-selection-tools      what gives way           data-selection-bar  what takes its place
   data-selection-count      its words, "3 selected"  data-selection-clear  a button
   data-selection-offer      "Select all 238 that match", shown when the whole page is chosen
   data-selection-everything the button in it         data-selection-all  the hidden field that then says 1 */
(() => {
  "use strict";

  const rootOf = (element) => element.closest?.("[data-selection]");
  const rows = (root) => [...root.querySelectorAll("[data-select-row]")];

  const update = (root) => {
    const boxes = rows(root);
    const chosen = boxes.filter((box) => box.checked);
    const page = root.querySelector("[data-select-page]");
    const all = root.querySelector("[data-selection-all]");
    const total = Number((root.querySelector("[data-selection-total]") || root).dataset.selectionTotal || boxes.length);
    const wholePage = chosen.length > 0 && chosen.length === boxes.length;
    if (all && !wholePage) all.value = "";
    const everything = all?.value === "1";

    for (const box of boxes) box.closest("tr")?.classList.toggle("is-selected", box.checked);
    if (page) {
      page.checked = wholePage;
      page.indeterminate = chosen.length > 0 && !wholePage;
    }
    const tools = root.querySelector("[data-selection-tools]");
    const bar = root.querySelector("[data-selection-bar]");
    const had = bar?.contains(document.activeElement);
    if (bar) bar.hidden = chosen.length === 0;
    if (tools) tools.hidden = chosen.length > 0;
    if (had && bar.hidden) page?.focus();

    const count = root.querySelector("[data-selection-count]");
    const words = `${(everything ? total : chosen.length).toLocaleString("en")} selected`;
    if (count && count.textContent !== words) {
      count.textContent = words;
      window.rollcall.announce(chosen.length ? words : "Nothing selected");
    }
    const offer = root.querySelector("[data-selection-offer]");
    if (offer) offer.hidden = !wholePage || everything || total <= boxes.length;
  };

  const chooseAll = (root, checked) => {
    for (const box of rows(root)) box.checked = checked;
    update(root);
  };

  document.addEventListener("change", (event) => {
    const root = rootOf(event.target);
    if (!root) return;
    if (event.target.matches("[data-select-page]")) chooseAll(root, event.target.checked);
    else if (event.target.matches("[data-select-row]")) update(root);
  });

  document.addEventListener("click", (event) => {
    const root = rootOf(event.target);
    if (!root) return;
    if (event.target.closest("[data-selection-clear]")) chooseAll(root, false);
    if (event.target.closest("[data-selection-everything]")) {
      root.querySelector("[data-selection-all]").value = "1";
      update(root);
      root.querySelector("[data-selection-clear]")?.focus();
    }
  });

  const wake = (root) => {
    if (root.matches?.("[data-selection]")) update(root);
    root.querySelectorAll?.("[data-selection]").forEach(update);
    const around = rootOf(root);
    if (around) update(around);
  };
  document.addEventListener("DOMContentLoaded", () => wake(document));
  document.addEventListener("htmx:load", (event) => wake(event.detail.elt));
  window.addEventListener("pageshow", () => wake(document));
})();
