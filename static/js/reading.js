/* "Check how we read this file": an answer on which others depend draws the questions again.

   data-reading             the form                data-redraws            what others depend on
   data-redraws-on-enter    Enter redraws, too      data-redrawn            what is announced afterwards */

import { announce } from "./messages.js";

const questionsOf = (element) => element.closest("[data-reading]")?.querySelector("#reading-questions");

const redraw = (element) => htmx.trigger(questionsOf(element), "redraw");

document.addEventListener("change", (event) => {
  if (event.target.closest?.("[data-reading] [data-redraws]")) redraw(event.target);
});

// Enter would continue.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches?.("[data-redraws-on-enter]")) return;
  event.preventDefault();
  redraw(event.target);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const { elt, requestConfig } = event.detail;
  if (requestConfig?.triggeringEvent?.type !== "redraw") return;
  announce(elt.closest("[data-reading]")?.querySelector("[data-redrawn]")?.textContent.trim());
});
