/* The frame of a signed-in page: its menus, and the modules that its content needs. */

import { on } from "./messages.js";

/* --- Modules that only some pages use, loaded when their element is on the page --- */

const MODULES = {
  "[data-selection]": () => import("./selection.js"),
  "[data-dropzone]": () => import("./dropzone.js"),
  "[data-paste]": () => import("./paste.js"),
  "select[data-sites]": () => import("./sites.js"),
  "[data-counts]": () => import("./email.js"),
  "[data-send-time]": () => import("./send_time.js"),
  "[data-time-zone]": () => import("./time_zone.js"),
  "[data-reading]": () => import("./reading.js"),
  "[data-grid]": () => import("./grid.js"),
  "[data-live]:not([data-live=''])": () => import("./live.js"),
};

let loading = Promise.resolve();

const loadModules = (root) => {
  const needed = Object.keys(MODULES).filter((selector) => root.matches(selector) || root.querySelector(selector));
  // Without its module (the network is down, or a new version was deployed), the page is used as without scripts.
  const load = (selector) => MODULES[selector]().catch(() => document.documentElement.classList.remove("js"));
  loading = Promise.all([loading, ...needed.map(load)]);
};

/* Resolves when everything on the page works. */
export const modulesLoaded = () => loading;

loadModules(document.body);
document.addEventListener("htmx:load", (event) => loadModules(event.detail.elt));

/* What opens a tab until its module is loaded, such as a preview: htmx would put the answer in place of the form. */
const openTab = (event) => event.submitter?.formTarget && event.stopPropagation();
document.addEventListener("submit", openTab, { capture: true });

/* --- Menus: the browser opens and closes them (popover); arrow keys move inside --- */

const itemsOf = (menu) => [...menu.querySelectorAll(".rc-menu-item")].filter((item) => item.getClientRects().length);

const KEYS = {
  ArrowDown: (items, at) => items[(at + 1) % items.length],
  ArrowUp: (items, at) => items.at(at < 0 ? -1 : at - 1),
  Home: (items) => items[0],
  End: (items) => items.at(-1),
};

document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("[popovertarget]");
  const menu = event.target.closest?.(".rc-menu") || button?.popoverTargetElement;
  if (!menu?.matches(".rc-menu") || !Object.hasOwn(KEYS, event.key)) return;
  const isOpen = menu.matches(":popover-open");
  if (!isOpen && !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  if (!isOpen) menu.showPopover({ source: button });
  const items = itemsOf(menu);
  KEYS[event.key](items, items.indexOf(event.target))?.focus();
});

on("click", ".rc-menu-item:not([data-theme-choice])", (item) => {
  // Not before a form was submitted: htmx forgets which button was pressed when the button loses the focus.
  setTimeout(() => item.closest(".rc-menu")?.hidePopover());
});

// Tab leaves a menu or the sidebar of a phone, which then closes.
document.addEventListener("focusout", (event) => {
  const open = event.target.closest?.(":popover-open");
  if (!open || !event.relatedTarget || open.contains(event.relatedTarget)) return;
  if (event.relatedTarget.popoverTargetElement !== open) open.hidePopover();
});
