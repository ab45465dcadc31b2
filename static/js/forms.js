/* Forms: nothing is sent twice, a button says what it does, a password can be shown, and errors lead to
   the field that fixes them. */
(() => {
  "use strict";

  /* --- Where an error is corrected --- */

  // The control that the keyboard reaches: tom-select puts an input of its own in front of its <select>.
  const reachable = (element) => element?.tomselect?.control_input || element;

  window.rollcall.firstInvalid = (root) => {
    const field = root.querySelector("[aria-invalid='true']");
    const group = root.querySelector(".rc-lines.is-invalid input");
    if (field && group) return field.compareDocumentPosition(group) & Node.DOCUMENT_POSITION_PRECEDING ? group : reachable(field);
    return reachable(field) || group;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-problem-summary] a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    reachable(field).focus();
    field.closest(".rc-field")?.scrollIntoView({ block: "nearest" });
  });

  const lead = () => {
    const summary = document.querySelector("main [data-problem-summary]");
    const wrong = summary || (document.querySelector("main .rc-error") && window.rollcall.firstInvalid(document.getElementById("content")));
    (wrong || document.querySelector("main [data-doubt][tabindex]"))?.focus();
  };

  /* --- What was corrected is no error any more --- */

  // The line of the summary, and the summary with its last line.
  const strike = (field) => {
    const summary = field.closest("form, main, .modal-content")?.querySelector("[data-problem-summary]");
    for (const link of summary?.querySelectorAll("a[href^='#']") || []) {
      if (field.contains(document.getElementById(link.hash.slice(1)))) link.closest("li").remove();
    }
    if (summary && !summary.querySelector("li")) summary.remove();
  };

  const corrected = (event) => {
    const field = event.target.closest?.(".rc-field");
    if (!field?.querySelector(".is-invalid, [aria-invalid='true'], .rc-error")) return;
    strike(field);
    // The drop zone says by itself what it thinks of a file.
    if (field.querySelector("[data-dropzone]")) return;
    field.querySelectorAll(".rc-error").forEach((error) => error.remove());
    field.querySelectorAll(".is-invalid").forEach((element) => element.classList.remove("is-invalid"));
    field.querySelectorAll("[aria-invalid]").forEach((element) => element.removeAttribute("aria-invalid"));
  };
  document.addEventListener("input", corrected);
  document.addEventListener("change", corrected);

  /* --- While it works --- */

  const buttonOf = (form, event) => event?.submitter || form.querySelector("[type=submit]");

  const busy = (form, button) => {
    form.dataset.working = "";
    if (!button) return;
    // The width stays, so that nothing beside it moves.
    button.style.minWidth = `${button.offsetWidth}px`;
    button.setAttribute("aria-busy", "true");
    if (!button.dataset.busy) return;
    button.dataset.label = button.innerHTML;
    button.textContent = button.dataset.busy;
  };

  const ready = (form) => {
    delete form.dataset.working;
    for (const button of form.querySelectorAll("[aria-busy='true']")) {
      button.removeAttribute("aria-busy");
      button.style.minWidth = "";
      if (button.dataset.label === undefined) continue;
      button.innerHTML = button.dataset.label;
      delete button.dataset.label;
    }
  };

  // Before anybody else: a second press while the first is on its way does nothing.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.dataset.working === undefined) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    busy(form, buttonOf(form, event));
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt;
    if (form.matches("form[hx-post]")) busy(form, buttonOf(form, event.detail.requestConfig.triggeringEvent));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig.elt;
    if (form.matches("form")) ready(form);
  });
  // The page comes back as it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-working]").forEach(ready);
  });

  /* --- Passwords --- */

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-password-toggle]");
    const field = button && document.getElementById(button.dataset.passwordToggle);
    if (!field) return;
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", shown ? "Hide the password" : "Show the password");
    button.setAttribute("aria-pressed", String(shown));
  });

  // A password is sent as one, so that the browser offers to keep it.
  document.addEventListener(
    "submit",
    (event) => {
      for (const button of event.target.querySelectorAll("[data-password-toggle][aria-pressed='true']")) button.click();
    },
    true,
  );

  document.addEventListener("DOMContentLoaded", lead);
})();
