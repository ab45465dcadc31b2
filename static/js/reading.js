/* "Check how we read this file": an answer on which others depend draws the questions again.

   data-reading             the form                data-redraws            what others depend on
   data-redraws-on-enter    Enter redraws, too      data-redrawn            what is announced afterwards */

import { announce, on } from "./messages.js";

const questionsOf = (element) => element.closest("[data-reading]")?.querySelector("#reading-questions");

const redraw = (element) => htmx.trigger(questionsOf(element), "redraw");

on("change", "[data-reading] [data-redraws]", redraw);

// Enter would continue.
on("keydown", "[data-redraws-on-enter]", (field, event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  redraw(field);
});

/* --- A response that doesn't know the latest answer is thrown away, and the questions are drawn again --- */

const isRedraw = (event) => event.detail.requestConfig?.triggeringEvent?.type === "redraw";
let changedSince = false;

const noteChange = (event) => {
  if (event.target.closest?.("[data-reading]")) changedSince = true;
};
document.addEventListener("input", noteChange, true);
document.addEventListener("change", noteChange, true);

document.addEventListener("htmx:beforeSend", (event) => {
  if (isRedraw(event)) changedSince = false;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isRedraw(event) || !changedSince) return;
  event.detail.shouldSwap = false;
  setTimeout(() => redraw(event.detail.target));
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (!isRedraw(event)) return;
  announce(event.detail.elt.closest("[data-reading]")?.querySelector("[data-redrawn]")?.textContent.trim());
});
