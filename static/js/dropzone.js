/* The drop zone over a real file input: drop anywhere, see what was chosen, see its bytes go out.

   data-state of [data-dropzone]: idle, over (a file is dragged), chosen, uploading, error. A file that the
   server would certainly refuse is refused here in the same words; what it holds is for the server to say. */
(() => {
  "use strict";

  const MEGABYTE = 1024 * 1024;
  // A dialog that answers at once does not flash a view of its upload.
  const SHOW_UPLOAD_AFTER = 400;
  // The kinds that are dropped by mistake, by their first bytes; the server knows more of them.
  const KINDS = [
    [[0x89, 0x50, 0x4e, 0x47], "a PNG picture"],
    [[0xff, 0xd8, 0xff], "a JPEG picture"],
    [[0x25, 0x50, 0x44, 0x46, 0x2d], "a PDF document"],
    [[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "excel"],
  ];
  const ARCHIVE = [0x50, 0x4b, 0x03, 0x04];

  const size = (bytes) => {
    if (bytes < 1024) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
    if (bytes < MEGABYTE) return `${Math.round(bytes / 1024).toLocaleString("en")} KB`;
    return `${megabytes(bytes)} MB`;
  };
  const megabytes = (bytes) => (bytes / MEGABYTE).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const sent = (bytes, of) => {
    if (of < 1024) return `${bytes} of ${size(of)}`;
    return of < MEGABYTE ? `${Math.round(bytes / 1024)} of ${size(of)}` : `${megabytes(bytes)} of ${size(of)}`;
  };

  const zoneIn = (root) => root.querySelector("[data-dropzone]");
  // The zone that a file dropped anywhere is meant for: the open dialog's, or the page's.
  const zoneOnScreen = () => {
    const zone = zoneIn(document.querySelector(".modal.show") || document);
    return zone && zone.dataset.state !== "uploading" && zone.closest("form")?.dataset.working === undefined ? zone : null;
  };
  const inputOf = (zone) => zone.querySelector("input[type=file]");
  const part = (zone, name) => zone.querySelector(`[data-drop-${name}]`);

  /* --- What is certainly wrong --- */

  const tooLarge = (zone, file) => {
    const limit = Number(zone.dataset.maxMb);
    if (!limit || file.size <= limit * MEGABYTE) return null;
    const rest = "split it into several files, and import them one after the other.";
    return `This file has ${megabytes(file.size)} MB. At most ${limit} MB are read: ${rest}`;
  };

  const wrongKind = async (file) => {
    const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
    const begins = (bytes) => bytes.every((byte, index) => head[index] === byte);
    const found = KINDS.find(([bytes]) => begins(bytes))?.[1];
    if (found === "excel" || (begins(ARCHIVE) && /\.xls[mb]?$/i.test(file.name))) {
      return "This file is an Excel workbook. In Excel choose Save as, then CSV UTF-8, and drop that file here.";
    }
    if (!found) return null;
    return `This file is ${found}, not a CSV file. Export the list from your spreadsheet as CSV, and drop that file here.`;
  };

  /* --- States --- */

  const refuse = (zone, sentence, name) => {
    inputOf(zone).value = "";
    zone.dataset.state = "error";
    part(zone, "refused").textContent = name ? `${name} was not uploaded` : "";
    part(zone, "error").textContent = sentence;
    inputOf(zone).setAttribute("aria-invalid", "true");
    inputOf(zone).focus();
  };

  const forget = (zone) => {
    inputOf(zone).value = "";
    inputOf(zone).removeAttribute("aria-invalid");
    zone.dataset.state = "idle";
  };

  const choose = async (zone, { quiet = false } = {}) => {
    const file = inputOf(zone).files[0];
    if (!file) {
      forget(zone);
      return;
    }
    let wrong = tooLarge(zone, file);
    try {
      wrong ??= await wrongKind(file);
    } catch {
      wrong = "This file cannot be read. Look whether it is a folder, or open in another program.";
    }
    // Another file, or none, was chosen while this one was looked into.
    if (!zone.isConnected || inputOf(zone).files[0] !== file) return;
    if (wrong) {
      refuse(zone, wrong, file.name);
      return;
    }
    inputOf(zone).removeAttribute("aria-invalid");
    part(zone, "name").textContent = file.name;
    part(zone, "size").textContent = size(file.size);
    zone.dataset.state = "chosen";
    if (quiet) return;
    part(zone, "file").focus();
    window.rollcall.announce(`${file.name}, ${size(file.size)}, is chosen`);
  };

  document.addEventListener("change", (event) => {
    const zone = event.target.closest?.("[data-dropzone]");
    if (zone && event.target.type === "file") choose(zone);
  });

  document.addEventListener("click", (event) => {
    const zone = event.target.closest?.("[data-dropzone]");
    if (!zone) return;
    if (event.target.closest("[data-drop-remove]")) {
      forget(zone);
      inputOf(zone).focus();
      inputOf(zone).dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  // A form that the browser filled again (Back, a reload) shows what it holds.
  const wake = (root) => {
    for (const zone of root.querySelectorAll?.("[data-dropzone]") || []) if (inputOf(zone).files.length) choose(zone, { quiet: true });
  };
  document.addEventListener("DOMContentLoaded", () => wake(document));
  window.addEventListener("pageshow", (event) => event.persisted && wake(document));

  /* --- Dragging: the whole window takes the drop, so that a near miss does not open the file --- */

  const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  let before = "idle";

  const over = (zone) => {
    if (zone.dataset.state === "over") return;
    before = zone.dataset.state;
    zone.dataset.state = "over";
  };
  const notOver = () => {
    for (const zone of document.querySelectorAll("[data-dropzone][data-state='over']")) zone.dataset.state = before;
  };

  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event) || !zoneIn(document)) return;
    event.preventDefault();
    const zone = zoneOnScreen();
    event.dataTransfer.dropEffect = zone ? "copy" : "none";
    if (zone) over(zone);
  });
  // Out of the window, not from one element to the next.
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) notOver();
  });
  document.addEventListener("dragend", notOver);

  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event) || !zoneIn(document)) return;
    event.preventDefault();
    notOver();
    const zone = zoneOnScreen();
    const files = event.dataTransfer.files;
    if (!zone || !files.length) return;
    if (files.length > 1) {
      refuse(zone, "These are several files. Drop one, and import the others after it.", "");
      return;
    }
    inputOf(zone).files = files;
    inputOf(zone).dispatchEvent(new Event("input", { bubbles: true }));
    inputOf(zone).dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* --- Uploading: the bytes that the browser has really sent --- */

  const uploads = new WeakMap();

  // In a dialog the form gives way to the three steps, and comes back when nothing came of it.
  const showSteps = (form, file, bytes) => {
    const content = form.closest("#dialog-content");
    const template = document.getElementById("uploading");
    if (!content || !template || content.querySelector(".rc-guard, .rc-upload")) return null;
    content.append(template.content.cloneNode(true));
    const view = content.querySelector(".rc-upload");
    view.querySelector("[data-upload-name]").textContent = file.name;
    view.querySelector("[data-upload-grant]").textContent = grantOf(form);
    view.querySelector("[data-upload-cancel]").addEventListener("click", () => htmx.trigger(form, "htmx:abort"));
    content.classList.add("rc-guarded");
    tellBytes(view, bytes, file.size);
    view.querySelector("h2").focus();
    return view;
  };

  const grantOf = (form) => {
    const roles = [...form.querySelectorAll("input[name=roles]:checked")].map((box) => box.closest("label").querySelector(".rc-line-name").textContent);
    const sites = [...form.querySelectorAll("select[name=sites] option:checked")].map((option) => option.textContent);
    return [roles.join(", "), sites.join(", ")].filter(Boolean).join(" · ");
  };

  const tellBytes = (view, bytes, of) => {
    const bar = view.querySelector("progress");
    bar.max = Math.max(of, 1);
    // It never goes back.
    bar.value = Math.max(bar.value, bytes);
    const words = view.querySelector("[data-upload-bytes], [data-drop-size]");
    if (words) words.textContent = sent(bytes, of);
  };

  const start = (form, xhr) => {
    const zone = zoneIn(form);
    const file = zone && inputOf(zone).files[0];
    if (!file) return;
    const upload = { zone, file, bytes: 0, isSent: false, view: null, timer: 0 };
    uploads.set(form, upload);
    zone.dataset.state = "uploading";
    part(zone, "progress").value = 0;
    tellBytes(zone, 0, file.size);
    window.rollcall.announce(`Uploading ${file.name}`);
    upload.timer = setTimeout(() => {
      upload.view = showSteps(form, file, upload.bytes);
      if (upload.isSent) allSent(upload);
    }, SHOW_UPLOAD_AFTER);
    // The rest of the form is sent along: what is told is of the file.
    xhr.upload.addEventListener("progress", (event) => {
      upload.bytes = Math.min(event.loaded, file.size);
      tellBytes(upload.view || zone, upload.bytes, file.size);
    });
    xhr.upload.addEventListener("load", () => {
      upload.isSent = true;
      allSent(upload);
    });
  };

  const allSent = ({ view, file }) => {
    if (!view) return;
    view.querySelector("[data-upload-going]").hidden = true;
    view.querySelector("[data-upload-next]").hidden = true;
    for (const element of view.querySelectorAll("[data-upload-done]")) element.hidden = false;
    view.querySelector("[data-upload-size]").textContent = size(file.size);
  };

  const end = (form) => {
    const upload = uploads.get(form);
    if (!upload) return;
    uploads.delete(form);
    clearTimeout(upload.timer);
    if (upload.view) {
      upload.view.remove();
      const content = document.getElementById("dialog-content");
      // What was asked meanwhile ("Leave?") is still asked, as long as there is a form to leave.
      if (!content.querySelector(".rc-ask")) content.classList.remove("rc-guarded");
    }
    // The form is still there only if nothing came of it: then with the file that was chosen.
    if (upload.zone.isConnected && upload.zone.dataset.state === "uploading") {
      part(upload.zone, "size").textContent = size(upload.file.size);
      upload.zone.dataset.state = "chosen";
      part(upload.zone, "file").focus();
    }
  };

  document.addEventListener("htmx:beforeSend", (event) => {
    const { elt, xhr } = event.detail;
    if (elt.matches("form[data-upload]")) start(elt, xhr);
  });
  // When the answer has taken the form's place, the event comes from what is left: the form is in its request.
  document.addEventListener("htmx:afterRequest", (event) => end(event.detail.requestConfig.elt));

  // The form came back because of something else in it: the file is still the one that was chosen. No
  // server can say so, because a page cannot fill in a file.
  let sentLast = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    sentLast = event.detail.requestConfig?.elt?.querySelector?.("[data-dropzone] input[type=file]")?.files[0] || null;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const zone = event.detail.xhr?.status === 422 && zoneIn(event.detail.target);
    if (!zone || !sentLast || zone.dataset.state === "error") return;
    const files = new DataTransfer();
    files.items.add(sentLast);
    inputOf(zone).files = files.files;
    choose(zone, { quiet: true });
  });
  document.addEventListener("htmx:sendAbort", (event) => end(event.detail.requestConfig.elt));
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest?.("[data-drop-cancel]");
    if (cancel) htmx.trigger(cancel.closest("form"), "htmx:abort");
  });

  // errors.js asks whether somebody takes the words: a refused upload is told at its zone.
  document.addEventListener("upload:refused", (event) => {
    const form = event.target;
    const upload = uploads.get(form);
    const zone = zoneIn(form);
    if (!zone) return;
    event.preventDefault();
    const name = upload?.file.name || "";
    end(form);
    refuse(zone, `${event.detail.title} ${event.detail.text}`, name);
  });
})();
