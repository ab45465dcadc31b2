/* Rows of a table are selected with their checkboxes. While some are, a bar with actions replaces the tools:
   see lists.css.

   data-selection            surrounds tools and table; data-selection-total, on it or in it: how many match in all
   data-select-row           the checkbox of a row    data-select-page  the one that selects the page
   data-selection-bar        the bar
   data-selection-count      "3 selected", or its data-text-everything     data-selection-clear  a button
   data-selection-offer      "Select all 238 that match", shown when the whole page is selected
   data-selection-everything the button in it         data-selection-all  the hidden field, which is then 1 */

import { announce, formatNumber, on, textOf } from "./messages.js";

const rootOf = (element) => element.closest?.("[data-selection]");
const rowsOf = (root) => [...root.querySelectorAll("[data-select-row]")];

const update = (root) => {
  const rows = rowsOf(root);
  const selected = rows.filter((box) => box.checked).length;
  const isWholePage = selected > 0 && selected === rows.length;
  const total = Number((root.querySelector("[data-selection-total]") || root).dataset.selectionTotal || rows.length);
  const all = root.querySelector("[data-selection-all]");
  if (all && !isWholePage) all.value = "";
  const isEverything = all?.value === "1";

  const page = root.querySelector("[data-select-page]");
  if (page) {
    page.checked = isWholePage;
    page.indeterminate = selected > 0 && !isWholePage;
  }

  const hadFocus = root.querySelector("[data-selection-bar]")?.contains(document.activeElement);
  if (hadFocus && !selected) page?.focus();

  const count = root.querySelector("[data-selection-count]");
  if (count) {
    const text = isEverything
      ? textOf(count, "Everything")
      : textOf(count, "Selected", { count: formatNumber(selected) });
    if (count.textContent !== text) announce(selected ? text : textOf(count, "Nothing"));
    count.textContent = text;
  }
  const offer = root.querySelector("[data-selection-offer]");
  if (offer) offer.hidden = !isWholePage || isEverything || total <= rows.length;
};

const selectAll = (root, checked) => {
  for (const box of rowsOf(root)) box.checked = checked;
  update(root);
};

on("change", "[data-select-page]", (box) => selectAll(rootOf(box), box.checked));
on("change", "[data-select-row]", (box) => update(rootOf(box)));
on("click", "[data-selection-clear]", (button) => selectAll(rootOf(button), false));
on("click", "[data-selection-everything]", (button, event) => {
  const root = rootOf(button);
  event.preventDefault();
  root.querySelector("[data-selection-all]").value = "1";
  update(root);
  root.querySelector("[data-selection-clear]")?.focus();
});

/* Update what is in the element and what surrounds it. */
const start = (element) => {
  const around = rootOf(element);
  if (around) update(around);
  element.querySelectorAll("[data-selection]").forEach(update);
};
start(document.body);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
window.addEventListener("pageshow", () => start(document.body));
