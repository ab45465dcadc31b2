/* What the page says: texts with values, announcements, banners, and errors of requests. What modules share comes first.

   Texts are rendered by templates, translated, into data-text-NAME attributes and <template>s. */

/* --- For all modules --- */

/* Call `handle(element, event)` if the event comes from an element that matches, or from inside one. */
export const on = (type, selector, handle) =>
  document.addEventListener(type, (event) => {
    const element = event.target.closest?.(selector);
    if (element) handle(element, event);
  });

/* Call `start` for all elements that match, now and whenever more come. */
export const onEach = (selector, start) => {
  const startIn = (root) =>
    [root, ...root.querySelectorAll(selector)].filter((each) => each.matches(selector)).forEach(start);
  startIn(document.body);
  document.addEventListener("htmx:load", (event) => startIn(event.detail.elt));
};

/* --- Texts and announcements --- */

/* The text in data-text-NAME of the element, such as "Remove {site}", with its values. */
export const textOf = (element, name, values = {}) =>
  element.dataset[`text${name}`].replace(/\{(\w+)\}/g, (placeholder, key) => values[key] ?? placeholder);

export const formatNumber = (number, options) => number.toLocaleString(document.documentElement.lang, options);

/* A new element. Its text is never read as HTML. */
export const make = (tag, className = "", textContent = "") =>
  Object.assign(document.createElement(tag), { className, textContent });

/* Screen readers read the sentence. Some ignore what is outside an open dialog, so the dialog has its own live line. */
export const announce = (sentence) => {
  const line =
    document.querySelector("dialog[open] [data-live-line]") || document.querySelector("body > [data-live-line]");
  if (sentence) line.textContent = sentence;
};

/* --- Banners --- */

// A <summary> comes first in its <details>, and can be focused while the rest is folded.
const CONTROLS = "summary, button, a[href]";

const focusAfter = (removed) => {
  const next = removed.nextElementSibling || removed.previousElementSibling || removed.closest("details");
  return next?.querySelector(CONTROLS) || document.getElementById("content");
};

on("click", "[data-dismiss]", (button) => {
  const dismissed = button.closest(button.dataset.dismiss);
  const next = focusAfter(dismissed);
  dismissed.remove();
  next.focus();
});

// The server closed a banner: move the focus to the next one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const banner = event.detail.target;
  if (!banner?.matches?.(".rc-banner") || !banner.contains(document.activeElement)) return;
  const next = focusAfter(banner);
  requestAnimationFrame(() => next.focus());
});

// All banners are replaced: what was unfolded stays so, and the focus stays on the same control, if it is still there.
const nameOf = (control) => control.getAttribute("href") || control.getAttribute("aria-label") || control.nodeName;

document.addEventListener("htmx:beforeSwap", (event) => {
  const banners = event.detail.target;
  if (banners?.id !== "banners" || !event.detail.shouldSwap) return;
  const isOpen = banners.querySelector("details")?.open;
  const name = banners.contains(document.activeElement) && nameOf(document.activeElement);
  document.addEventListener(
    "htmx:afterSwap",
    () => {
      const folded = banners.querySelector("details");
      if (folded && isOpen) folded.open = true;
      if (!name) return;
      const same = [...banners.querySelectorAll(CONTROLS)].find((control) => nameOf(control) === name);
      (same || document.getElementById("content")).focus();
    },
    { once: true },
  );
});

/* --- Errors of requests: shown in the dialog if it was the target, else as a banner ---

   Only errors of what the user did are shown. The page repeats its own requests. */

const GESTURES = new Set(["click", "submit", "input", "change", "keyup", "search", "keydown"]);

const isPlainText = (xhr) => (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");

/* { title, text } for the status, from the #error-texts template. `reason` is the server's explanation. */
const errorFor = (status, reason) => {
  const texts = document.getElementById("error-texts").content;
  const find = (name) => texts.querySelector(`[data-status~="${name}"]`);
  const found = (reason && find(`${status}-reason`)) || find(status) || find("500");
  const [title, text] = [...found.children].map((element) => element.textContent.replace("{reason}", reason));
  return { title, text };
};

const errorBanner = ({ title, text }) => {
  const banner = document.getElementById("error-banner").content.cloneNode(true).firstElementChild;
  banner.querySelector("[data-error-title]").textContent = title;
  banner.querySelector("[data-error-text]").textContent = text;
  return banner;
};

const removeErrors = () => {
  for (const banner of document.querySelectorAll("[data-error]")) banner.remove();
};

const show = (error, { target, elt } = {}) => {
  const content = document.getElementById("dialog-content");
  removeErrors();
  if (target && target === content) {
    const body = content.querySelector(".rc-dialog-body");
    if (body) {
      // The server's sentence says the same.
      body.querySelector("[data-suspended]")?.remove();
      body.prepend(errorBanner(error));
      body.scrollTop = 0;
      return;
    }
    const template = document.getElementById("dialog-error");
    content.dispatchEvent(new CustomEvent("dialog:open", { detail: { template, from: elt } }));
    content.querySelector("#dialog-title").textContent = error.title.replace(/\.$/, "");
    content.querySelector("[data-error-text]").textContent = error.text;
    return;
  }
  const alerts = document.getElementById("alerts");
  alerts.prepend(errorBanner(error));
  alerts.scrollIntoView({ block: "nearest" });
};

/* For requests without htmx. The status is 0 if the server wasn't reached. */
export const showError = (status, reason = "") => show(errorFor(status, reason));

const showRequestError = (event) => {
  const { xhr, target, requestConfig } = event.detail;
  const elt = requestConfig?.elt;
  if (!GESTURES.has(requestConfig?.triggeringEvent?.type)) return;
  const error = errorFor(xhr?.status || 0, xhr?.status && isPlainText(xhr) ? xhr.responseText.slice(0, 300) : "");
  // The drop zone shows the errors of its file.
  const refused = new CustomEvent("upload:refused", { bubbles: true, cancelable: true, detail: error });
  if (elt.matches?.("[data-upload]") && !elt.dispatchEvent(refused)) return;
  show(error, { target, elt });
};

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, showRequestError);
}

// A new request replaces the errors of the last one.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (GESTURES.has(event.detail.requestConfig?.triggeringEvent?.type)) removeErrors();
});
