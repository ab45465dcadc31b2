/* Pasted rows of an import: their numbers beside them, and below them what the server understood.

   data-paste                  the part of the form             data-understood      asks the server on "understand"
   data-paste-text             what a button writes instead of data-paste-lines lines from data-paste-line, or of all;
                               in a line, of the characters from data-paste-start to data-paste-end
   data-paste-numbers, -refused, -clear, -all */

import { make, on, onEach } from "./messages.js";

const LINE = 28; // Pixels, as in the style sheet.
const DELAY_MS = 300;

const rootOf = (element) => element.closest?.("[data-paste]");
const areaIn = (root) => root.querySelector("textarea");
const figuresIn = (root) => root.querySelector("#understood-figures");
const rowsIn = (root) => root.querySelector("#understood-rows");
const isShown = (root) => areaIn(root).getClientRects().length > 0;
const countLines = (text) => text.split("\n").length;

/* --- Row numbers: only those in view, because a text may have a million lines --- */

const drawNumbers = (root) => {
  const area = areaIn(root);
  const wrong = new Set(rowsIn(root).querySelector("[data-wrong-lines]")?.dataset.wrongLines.trim().split(" "));
  const first = Math.floor(area.scrollTop / LINE);
  const last = Math.min(first + Math.ceil(area.clientHeight / LINE) + 1, area.value ? countLines(area.value) : 0);
  const numbers = root.querySelector("[data-paste-numbers]");
  numbers.replaceChildren();
  for (let number = first + 1; number <= last; number += 1) {
    numbers.append(make("span", wrong.has(String(number)) ? "is-invalid" : "", number));
  }
  numbers.style.translate = `0 ${first * LINE - area.scrollTop}px`;
};

document.addEventListener(
  "scroll",
  (event) => event.target.id === "id_pasted" && drawNumbers(rootOf(event.target)),
  true,
);

/* --- Asking the server --- */

let timer = 0;
let asked = null; // The text that the rows below are about.

const understand = (root) => {
  clearTimeout(timer);
  const area = areaIn(root);
  asked = area.value;
  if (area.value.trim()) {
    htmx.trigger(root.querySelector("[data-understood]"), "understand");
    return;
  }
  htmx.trigger(root.querySelector("[data-understood]"), "htmx:abort");
  figuresIn(root).replaceChildren();
  rowsIn(root).replaceChildren();
  drawNumbers(root);
};

on("input", "#id_pasted", (area, event) => {
  const root = rootOf(area);
  root.querySelector("[data-paste-refused]").hidden = true;
  drawNumbers(root);
  clearTimeout(timer);
  const isAtOnce = !event.inputType || /^insertFrom(Paste|Drop)/.test(event.inputType) || !area.value;
  timer = setTimeout(() => root.isConnected && understand(root), isAtOnce ? 0 : DELAY_MS);
});

// Only what is shown is sent. If a text is too long, only its beginning is sent.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  const root = (elt.closest("form") || elt).querySelector?.("[data-paste]");
  if (!root || (!elt.matches("form") && !elt.matches("[data-understood]"))) return;
  delete parameters[isShown(root) ? "file" : "pasted"];
  const longest = Number(root.dataset.longest);
  if (!parameters.pasted || parameters.pasted.length <= longest) return;
  parameters.pasted_lines = parameters.pasted.split("\n").filter((line) => line.trim()).length;
  parameters.pasted = parameters.pasted.slice(0, longest + 1);
});

// The same figures aren't read again.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment, shouldSwap } = event.detail;
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  if (target.id === "understood-figures") event.detail.shouldSwap = shouldSwap && words(target) !== words(fragment);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const root = event.detail.target.id === "understood-rows" && rootOf(event.detail.target);
  if (!root) return;
  drawNumbers(root);
  // The focused button is gone.
  if (document.activeElement === document.body || !document.activeElement.isConnected) {
    (rowsIn(root).querySelector("[data-paste-line]") || figuresIn(root)).focus();
  }
});

/* --- Buttons --- */

const write = (root, text, start = 0, end = areaIn(root).value.length) => {
  const area = areaIn(root);
  area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
};

const fix = (root, { pasteText, pasteLine, pasteLines, pasteStart, pasteEnd }) => {
  const { value } = areaIn(root);
  if (value !== asked) {
    understand(root);
    return;
  }
  if (pasteLine === undefined) {
    write(root, pasteText);
    return;
  }
  const lines = value.split("\n");
  const start = lines.slice(0, pasteLine - 1).reduce((sum, line) => sum + line.length + 1, 0);
  const replaced = lines.slice(pasteLine - 1, Number(pasteLine) - 1 + Number(pasteLines)).join("\n");
  // The server counts characters, and a browser counts UTF-16.
  const lengthUntil = (at) => (at === undefined ? replaced : [...replaced].slice(0, at).join("")).length;
  write(root, pasteText, start + lengthUntil(pasteStart), start + lengthUntil(pasteEnd));
};

const showAll = (root) => {
  rowsIn(root).append(Object.assign(make("input"), { type: "hidden", name: "all_rows", value: "1" }));
  understand(root);
};

on("click", "[data-paste] button", (button) => {
  const root = rootOf(button);
  if (button.dataset.pasteText !== undefined) fix(root, button.dataset);
  if (button.dataset.pasteAll !== undefined) showAll(root);
  if (button.dataset.pasteClear !== undefined) {
    write(root, "");
    areaIn(root).focus();
  }
});

/* --- Files and pictures can't be pasted. A spreadsheet offers a picture of its cells beside their text. --- */

const refuseFiles = (event, data, root) => {
  if (!root || !data?.types.includes("Files") || data.types.includes("text/plain")) return;
  event.preventDefault();
  root.querySelector("[data-paste-refused]").hidden = false;
};

on("paste", "[data-paste]", (root, event) => refuseFiles(event, event.clipboardData, root));
document.addEventListener("drop", (event) => {
  const root = document.querySelector("dialog[open] [data-paste], body:not(:has(dialog[open])) [data-paste]");
  refuseFiles(event, event.dataTransfer, root && isShown(root) && root);
});

/* --- The form came back with errors, or the browser restored it --- */

let lastText = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const root = event.detail.requestConfig?.elt?.querySelector?.("[data-paste]");
  if (root) lastText = areaIn(root).value;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const root = event.detail.xhr?.status === 422 && event.detail.target.querySelector?.("[data-paste]");
  if (root && lastText !== null) areaIn(root).value = lastText;
});

const start = (root) => {
  drawNumbers(root);
  if (areaIn(root).value) understand(root);
};
onEach("[data-paste]", start);
const startAgain = () => document.querySelectorAll("[data-paste]").forEach(start);
on("change", "[name=source]", startAgain);
window.addEventListener("pageshow", (event) => event.persisted && startAgain());
