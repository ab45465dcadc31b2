/* What htmx could not do is said: in the dialog where one asked there, else as a banner. Nothing is said
   of what the page asked for by itself; it asks again. */
(() => {
  "use strict";

  const GESTURES = new Set(["click", "submit", "input", "change", "keyup", "search", "keydown"]);
  const LATER = "Try again in a moment.";

  const wordsFor = (xhr) => {
    if (!xhr?.status) return ["Rollcall cannot be reached.", "Look at your connection, then try again."];
    if (xhr.status === 403 && plainText(xhr)) return ["You can’t do this.", `${plainText(xhr)} Nothing was changed.`];
    if (xhr.status === 403) return ["This is not allowed.", "Your permissions or your session may have changed. Load the page again."];
    if (xhr.status === 404) return ["This is not there any more.", "Load the page again to see how things are now."];
    if (xhr.status === 413) return [plainText(xhr) || "This is too large.", "Nothing of it was kept."];
    if (xhr.status === 429) return ["That was too often.", "Wait a minute, then try again."];
    if (xhr.status === 502 || xhr.status === 503) return ["Rollcall is not ready.", LATER];
    return ["Something went wrong on our side.", `It was written down. ${LATER}`];
  };

  const plainText = (xhr) =>
    (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain") ? xhr.responseText.slice(0, 300) : "";

  const banner = ([title, text]) => {
    const made = document.getElementById("trouble").content.cloneNode(true).firstElementChild;
    made.querySelector("[data-trouble-title]").textContent = title;
    made.querySelector("[data-trouble-text]").textContent = text;
    return made;
  };

  const show = (words, { target, elt }) => {
    const content = document.getElementById("dialog-content");
    for (const old of document.querySelectorAll("[data-trouble]")) old.remove();
    if (target && target === content) {
      const body = content.querySelector(".rc-dialog-body");
      if (body) {
        body.prepend(banner(words));
        body.scrollTop = 0;
        return;
      }
      const opened = window.rollcall.openDialog(document.getElementById("dialog-trouble"), elt);
      opened.querySelector("#dialog-title").textContent = words[0].replace(/\.$/, "");
      opened.querySelector(".rc-dialog-body").append(Object.assign(document.createElement("p"), { textContent: words[1] }));
      return;
    }
    const alerts = document.getElementById("alerts");
    alerts?.prepend(banner(words));
    alerts?.scrollIntoView({ block: "nearest" });
  };

  /* For what sends without htmx: says why it did not work; without a status the server was not reached. */
  window.rollcall.sayTrouble = (status, said = "") => {
    const type = said ? "text/plain" : "";
    show(wordsFor(status && { status, responseText: said, getResponseHeader: () => type }), {});
  };

  const told = (event) => {
    const { xhr, target, requestConfig } = event.detail;
    const elt = requestConfig?.elt;
    const gesture = requestConfig?.triggeringEvent;
    if (!gesture || !GESTURES.has(gesture.type)) return;
    const words = wordsFor(xhr);
    // The drop zone says itself what became of its file.
    const refused = new CustomEvent("upload:refused", { bubbles: true, cancelable: true, detail: { title: words[0], text: words[1] } });
    if (elt.matches?.("[data-upload]") && !elt.dispatchEvent(refused)) return;
    show(words, { target, elt });
  };

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, told);

  // What went wrong the last time is no longer true once something was sent again.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!GESTURES.has(event.detail.requestConfig?.triggeringEvent?.type)) return;
    for (const old of document.querySelectorAll("[data-trouble]")) old.remove();
  });
})();
