/* Messages in emails: the counter of characters, and the preview that follows what is typed.

   data-counts=500                 a field with a counter
   data-email-preview=URL          where a preview is drawn: beside the form with the id data-form, or in a dialog
   data-preview-open, -back, -go   buttons of a dialog: show the preview in place of the form, go back, send the form */

import { announce, formatNumber, make, on, onEach, textOf } from "./messages.js";

const DELAY_MS = 300;

/* --- The counter: read aloud when there is little room left, not at each key --- */

const READ_AT = [0.9, 1];

const count = (field) => {
  const hint = document.getElementById(`${field.id}_helptext`);
  if (!hint) return;
  const limit = Number(field.dataset.counts);
  const length = [...field.value.trim()].length;
  const counter = hint.querySelector(".rc-counter") || hint.appendChild(make("span", "rc-counter"));
  counter.textContent = textOf(field, "Count", { count: formatNumber(length), limit: formatNumber(limit) });
  counter.classList.toggle("rc-bad-text", length > limit);
  const before = Number(field.dataset.counted || 0);
  field.dataset.counted = length;
  if (READ_AT.some((part) => before < limit * part && length >= limit * part)) announce(counter.textContent);
};

/* --- The preview: a form sends what is typed into a new frame, which replaces the old one when it has loaded --- */

const formOf = (preview) => document.getElementById(preview.dataset.form);

/* A copy of the form without its file, and without the pasted rows. */
const copyOf = (form, target, action) => {
  const copy = Object.assign(make("form"), { method: "post", action, target, hidden: true });
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || name === "pasted") continue;
    copy.append(Object.assign(make("input"), { type: "hidden", name, value }));
  }
  return copy;
};

let frames = 0;

const fit = (frame) => {
  const page = frame.contentDocument?.body;
  if (page?.firstElementChild) frame.style.height = `${Math.ceil(page.getBoundingClientRect().height)}px`;
};

const draw = (preview) => {
  const place = preview.querySelector("[data-frames]");
  const old = place.lastElementChild;
  const frame = make("iframe", "rc-loading");
  frames += 1;
  frame.name = `email-preview-${frames}`;
  frame.title = old?.title || place.dataset.frames;
  // Only to read its height. Its policy allows no scripts.
  frame.setAttribute("sandbox", "allow-same-origin");
  place.append(frame);
  // An empty frame loads, too.
  frame.addEventListener("load", () => {
    if (frame.contentWindow.location.href === "about:blank") return;
    fit(frame);
    frame.classList.remove("rc-loading");
    while (place.firstElementChild !== frame) place.firstElementChild.remove();
  });
  const copy = copyOf(formOf(preview), frame.name, preview.dataset.emailPreview);
  document.body.append(copy);
  copy.submit();
  copy.remove();
};

let timer = 0;

const follow = (event) => {
  const form = event.target.form;
  const preview = form && document.querySelector(`.rc-beside [data-email-preview][data-form="${form.id}"]`);
  if (!preview) return;
  clearTimeout(timer);
  timer = setTimeout(() => draw(preview), DELAY_MS);
};

document.addEventListener("input", follow);
on("input", "[data-counts]", count);
on("change", "select", (_, event) => follow(event));

const fitAll = () => document.querySelectorAll("[data-frames] > iframe").forEach(fit);
window.addEventListener("resize", fitAll);

/* --- In a dialog: in place of the form, which keeps what was typed --- */

const showInDialog = () => {
  const content = document.getElementById("dialog-content");
  const preview = document.getElementById("email-preview").content.cloneNode(true).firstElementChild;
  const email = formOf(preview).elements.email?.value.trim();
  const lead = preview.querySelector("[data-lead]");
  if (email) lead.replaceChildren(...leadFor(lead, email));
  // The button says the same as that of the form, which depends on when it is sent.
  const labels = [...formOf(preview).querySelectorAll("[data-primary] > *")];
  const shown = labels.find((label) => label.getClientRects().length);
  preview.querySelector("[data-preview-go]").textContent = shown.textContent;
  content.append(preview);
  content.classList.add("rc-guarded");
  htmx.process(preview);
  draw(preview);
  preview.querySelector("h2").focus();
};

/* The sentence with the address, which has a direction of its own. */
const leadFor = (lead, email) => {
  const [before, after] = textOf(lead, "Lead").split("{email}");
  return [before, make("bdi", "", email), after];
};

const back = (preview) => {
  const content = document.getElementById("dialog-content");
  preview.remove();
  content.classList.remove("rc-guarded");
  content.querySelector("[data-preview-open]").focus();
};

on("click", "[data-preview-open], [data-preview-back], [data-preview-go]", (button, event) => {
  event.preventDefault();
  const preview = button.closest("[data-email-preview]");
  if (!preview) {
    showInDialog();
    return;
  }
  const form = formOf(preview);
  back(preview);
  // A click, because htmx sends the form to where the button that was clicked last leads.
  if ("previewGo" in button.dataset) form.querySelector("[data-primary]").click();
});

onEach("[data-counts]", count);
for (const frame of document.querySelectorAll("[data-frames] > iframe")) {
  fit(frame);
  frame.addEventListener("load", () => fit(frame));
}
