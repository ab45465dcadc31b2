/* The drop zone around a real file input: files can be dropped anywhere, and an upload shows its progress.

   data-state of [data-dropzone]: idle, over (a file is dragged), chosen, uploading, error. A file that the server would
   certainly reject is rejected here, in the same words. Everything else about its content is left to the server. */

import { announce, formatNumber, on, textOf } from "./messages.js";

const KILOBYTE = 1024;
const MEGABYTE = 1024 * 1024;
// A response that comes sooner replaces the form without showing the upload first.
const SHOW_UPLOAD_AFTER_MS = 400;
// Files that are often dropped by mistake, by their first bytes. The server knows more of them.
const KINDS = [
  [[0x89, 0x50, 0x4e, 0x47], "Png"],
  [[0xff, 0xd8, 0xff], "Jpeg"],
  [[0x25, 0x50, 0x44, 0x46, 0x2d], "Pdf"],
];
const ZIP = [0x50, 0x4b, 0x03, 0x04];

const zoneIn = (root) => root.querySelector("[data-dropzone]");
const inputOf = (zone) => zone.querySelector("input[type=file]");
// Rows are pasted instead.
const isHidden = (zone) => Boolean(zone.closest(".rc-source-file")) && !zone.getClientRects().length;
const part = (zone, name) => zone.querySelector(`[data-drop-${name}]`);

/* The zone that takes a file dropped anywhere: the one in the dialog, or on the page. */
const openZone = () => {
  const zone = zoneIn(document.querySelector("dialog[open]") || document);
  if (zone && isHidden(zone)) return null;
  const isBusy = zone?.dataset.state === "uploading" || zone?.closest("form")?.dataset.working !== undefined;
  return isBusy ? null : zone;
};

/* --- Sizes --- */

const inMegabytes = (bytes) => formatNumber(bytes / MEGABYTE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/* In the unit that suits `of` bytes, as a number without the unit. */
const inUnitOf = (bytes, of) => {
  if (of < KILOBYTE) return formatNumber(bytes);
  return of < MEGABYTE ? formatNumber(Math.round(bytes / KILOBYTE)) : inMegabytes(bytes);
};

const sizeOf = (zone, bytes) => {
  if (bytes < KILOBYTE) return formatNumber(bytes, { style: "unit", unit: "byte", unitDisplay: "long" });
  return textOf(zone, bytes < MEGABYTE ? "Kb" : "Mb", { size: inUnitOf(bytes, bytes) });
};

/* --- What the server would certainly reject --- */

const tooLarge = (zone, file) => {
  const limit = Number(zone.dataset.maxMb);
  if (!limit || file.size <= limit * MEGABYTE) return null;
  return textOf(zone, "TooLarge", { size: inMegabytes(file.size), limit: formatNumber(limit) });
};

const wrongKind = async (zone, file) => {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const startsWith = (bytes) => bytes.every((byte, index) => head[index] === byte);
  if (startsWith(ZIP) && /\.xlsb$/i.test(file.name)) return textOf(zone, "Workbook");
  const kind = KINDS.find(([bytes]) => startsWith(bytes));
  return kind ? textOf(zone, kind[1]) : null;
};

/* --- States --- */

const reject = (zone, sentence, name = "") => {
  inputOf(zone).value = "";
  zone.dataset.state = "error";
  part(zone, "refused").textContent = name && textOf(zone, "Refused", { file: name });
  part(zone, "error").textContent = sentence;
  inputOf(zone).setAttribute("aria-invalid", "true");
  inputOf(zone).focus();
};

const reset = (zone) => {
  inputOf(zone).value = "";
  inputOf(zone).removeAttribute("aria-invalid");
  zone.dataset.state = "idle";
};

/* Take the file that is in the input, after a look at it. */
const choose = async (zone, { quiet = false } = {}) => {
  const file = inputOf(zone).files[0];
  if (!file) {
    reset(zone);
    return;
  }
  let problem = tooLarge(zone, file);
  try {
    problem ??= await wrongKind(zone, file);
  } catch {
    problem = textOf(zone, "Unreadable");
  }
  // Another file was chosen in the meantime, or none.
  if (!zone.isConnected || inputOf(zone).files[0] !== file) return;
  if (problem) {
    reject(zone, problem, file.name);
    return;
  }
  inputOf(zone).removeAttribute("aria-invalid");
  part(zone, "name").textContent = file.name;
  part(zone, "size").textContent = sizeOf(zone, file.size);
  zone.dataset.state = "chosen";
  if (quiet) return;
  part(zone, "file").focus();
  announce(textOf(zone, "Chosen", { file: file.name, size: sizeOf(zone, file.size) }));
};

const dispatch = (input, ...types) => {
  for (const type of types) input.dispatchEvent(new Event(type, { bubbles: true }));
};

on("change", "[data-dropzone] input[type=file]", (input) => choose(input.closest("[data-dropzone]")));

on("click", "[data-drop-remove]", (button) => {
  const zone = button.closest("[data-dropzone]");
  reset(zone);
  inputOf(zone).focus();
  dispatch(inputOf(zone), "input");
});

on("click", "[data-drop-cancel]", (button) => htmx.trigger(button.closest("form"), "htmx:abort"));

// Show a file that the input has already: the browser restored the form (Back, a reload), or this module came late.
const start = () => {
  for (const zone of document.querySelectorAll("[data-dropzone]")) {
    if (inputOf(zone).files.length) choose(zone, { quiet: true });
  }
};
start();
window.addEventListener("pageshow", (event) => event.persisted && start());

/* --- Dragging: the whole window takes the file, so that the browser doesn't open it --- */

let stateBefore = "idle";

const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files") && zoneIn(document);

const endDrag = () => {
  for (const zone of document.querySelectorAll("[data-dropzone][data-state='over']")) zone.dataset.state = stateBefore;
};

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  const zone = openZone();
  event.dataTransfer.dropEffect = zone ? "copy" : "none";
  if (!zone || zone.dataset.state === "over") return;
  stateBefore = zone.dataset.state;
  zone.dataset.state = "over";
});
// Only when the file leaves the window, not from one element to the next.
document.addEventListener("dragleave", (event) => event.relatedTarget === null && endDrag());
document.addEventListener("dragend", endDrag);

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  endDrag();
  const zone = openZone();
  const { files } = event.dataTransfer;
  if (!zone || !files.length) return;
  if (files.length > 1) {
    reject(zone, textOf(zone, "Several"));
    return;
  }
  inputOf(zone).files = files;
  dispatch(inputOf(zone), "input", "change");
});

/* --- Uploading: progress is what the browser has sent --- */

const uploads = new WeakMap();

/* Show the steps of an import in place of the form in a dialog, until the response comes. */
const showSteps = (form, { zone, file, bytes }) => {
  const content = form.closest("#dialog-content");
  if (!content || content.querySelector(".rc-guard")) return null;
  content.append(document.getElementById("uploading").content.cloneNode(true));
  const view = content.querySelector(".rc-upload");
  view.querySelector("[data-upload-name]").textContent = file.name;
  view.querySelector("[data-upload-grant]").textContent = describeGrant(form);
  view.querySelector("[data-upload-cancel]").addEventListener("click", () => htmx.trigger(form, "htmx:abort"));
  content.classList.add("rc-guarded");
  showProgress(zone, view, bytes, file.size);
  view.querySelector("h2").focus();
  return view;
};

const describeGrant = (form) => {
  const roles = [...form.querySelectorAll("input[name=roles]:checked")];
  const names = roles.map((box) => box.closest("label").querySelector(".rc-line-name").textContent);
  const sites = [...form.querySelectorAll("select[name=sites] option:checked")].map((option) => option.textContent);
  return [names.join(", "), sites.join(", ")].filter(Boolean).join(" · ");
};

/* In `view`, which is the zone itself or the steps. */
const showProgress = (zone, view, bytes, of) => {
  const bar = view.querySelector("progress");
  bar.max = Math.max(of, 1);
  bar.value = Math.max(bar.value, bytes); // It never goes back.
  const fact = view.querySelector("[data-upload-bytes], [data-drop-size]");
  fact.textContent = textOf(zone, "Sent", { sent: inUnitOf(bytes, of), size: sizeOf(zone, of) });
};

const startUpload = (form, xhr) => {
  const zone = zoneIn(form);
  const file = zone && !isHidden(zone) && inputOf(zone).files[0];
  if (!file) return;
  const upload = { zone, file, bytes: 0, isSent: false, view: null, timer: 0 };
  uploads.set(form, upload);
  zone.dataset.state = "uploading";
  part(zone, "progress").value = 0;
  showProgress(zone, zone, 0, file.size);
  announce(textOf(zone, "Uploading", { file: file.name }));
  upload.timer = setTimeout(() => {
    upload.view = showSteps(form, upload);
    if (upload.isSent) showSent(upload);
  }, SHOW_UPLOAD_AFTER_MS);
  xhr.upload.addEventListener("progress", (event) => {
    // The other fields are sent, too, but only the file is shown.
    upload.bytes = Math.min(event.loaded, file.size);
    showProgress(zone, upload.view || zone, upload.bytes, file.size);
  });
  xhr.upload.addEventListener("load", () => {
    upload.isSent = true;
    showSent(upload);
  });
};

const showSent = ({ zone, view, file }) => {
  if (!view) return;
  for (const element of view.querySelectorAll("[data-upload-going], [data-upload-next]")) element.hidden = true;
  for (const element of view.querySelectorAll("[data-upload-done]")) element.hidden = false;
  view.querySelector("[data-upload-size]").textContent = sizeOf(zone, file.size);
};

const endUpload = (form) => {
  const upload = uploads.get(form);
  if (!upload) return;
  uploads.delete(form);
  clearTimeout(upload.timer);
  if (upload.view) {
    upload.view.remove();
    const content = document.getElementById("dialog-content");
    // "Leave?" stays, as long as there is a form to leave.
    if (!content.querySelector(".rc-ask")) content.classList.remove("rc-guarded");
  }
  // The form is still there if the upload failed or was canceled: show the chosen file again.
  if (upload.zone.isConnected && upload.zone.dataset.state === "uploading") {
    part(upload.zone, "size").textContent = sizeOf(upload.zone, upload.file.size);
    upload.zone.dataset.state = "chosen";
    part(upload.zone, "file").focus();
  }
};

document.addEventListener("htmx:beforeSend", (event) => {
  const { elt, xhr } = event.detail;
  if (elt.matches("form[data-upload]")) startUpload(elt, xhr);
});
// If the response has replaced the form, the event comes from another element, but its request still has the form.
document.addEventListener("htmx:afterRequest", (event) => endUpload(event.detail.requestConfig.elt));
document.addEventListener("htmx:sendAbort", (event) => endUpload(event.detail.requestConfig.elt));

// The form came back because of an error in another field. A server can't fill in a file, so the file is kept here.
let lastFile = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const form = event.detail.requestConfig?.elt;
  lastFile = form?.querySelector?.("[data-dropzone] input[type=file]")?.files[0] || null;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const zone = event.detail.xhr?.status === 422 && zoneIn(event.detail.target);
  if (!zone || !lastFile || zone.dataset.state === "error") return;
  const files = new DataTransfer();
  files.items.add(lastFile);
  inputOf(zone).files = files.files;
  choose(zone, { quiet: true });
});

// Sent by messages.js for a form whose upload failed: the zone shows why.
document.addEventListener("upload:refused", (event) => {
  const form = event.target;
  const zone = zoneIn(form);
  if (!zone || isHidden(zone)) return;
  event.preventDefault();
  const name = uploads.get(form)?.file.name;
  endUpload(form);
  reject(zone, `${event.detail.title} ${event.detail.text}`, name);
});
