/* Forms of every page: they are sent once, buttons show what they are doing, passwords can be shown, and errors lead
   to the field that fixes them. */

/* --- Errors --- */

// tom-select puts its own input in front of the <select>, and that input takes the focus.
const focusable = (field) => field?.tomselect?.control_input || field;

/* The first invalid field or group of checkboxes, in the order of the page. */
export const firstInvalid = (root) =>
  focusable(root.querySelector("[aria-invalid='true'], .rc-lines.is-invalid input"));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-problem-summary] a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  focusable(field).focus();
  field.closest(".rc-field")?.scrollIntoView({ block: "nearest" });
});

/* Remove the field's errors from the summary, and the summary after its last error. */
const removeFromSummary = (field) => {
  const summary = field.closest("form, main, dialog")?.querySelector("[data-problem-summary]");
  for (const link of summary?.querySelectorAll("a[href^='#']") || []) {
    if (field.contains(document.getElementById(link.hash.slice(1)))) link.closest("li").remove();
  }
  if (summary && !summary.querySelector("li")) summary.remove();
};

/* An edited field is no longer marked as invalid. */
const clearErrors = (event) => {
  const field = event.target.closest?.(".rc-field");
  if (!field?.querySelector(".is-invalid, [aria-invalid='true'], .rc-error")) return;
  removeFromSummary(field);
  // The drop zone shows its own errors.
  if (field.querySelector("[data-dropzone]")) return;
  for (const error of field.querySelectorAll(".rc-error")) error.remove();
  for (const element of field.querySelectorAll(".is-invalid, [aria-invalid]")) {
    element.classList.remove("is-invalid");
    element.removeAttribute("aria-invalid");
  }
};
document.addEventListener("input", clearErrors);
document.addEventListener("change", clearErrors);

/* --- Sending --- */

const showBusy = (form, button) => {
  form.dataset.working = "";
  if (!button) return;
  // Keep the width, so that nothing beside the button moves.
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute("aria-busy", "true");
  if (!button.dataset.busy) return;
  button.dataset.label = button.innerHTML;
  button.textContent = button.dataset.busy;
};

const showReady = (form) => {
  delete form.dataset.working;
  for (const button of form.querySelectorAll("[aria-busy='true']")) {
    button.removeAttribute("aria-busy");
    button.style.minWidth = "";
    if (button.dataset.label === undefined) continue;
    button.innerHTML = button.dataset.label;
    delete button.dataset.label;
  }
};

const submitterOf = (form, event) => event?.submitter || form.querySelector("[type=submit]");

// In the capture phase, before other listeners: a second submit does nothing while the first one is running.
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
  showBusy(form, submitterOf(form, event));
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches("form[hx-post]")) showBusy(form, submitterOf(form, event.detail.requestConfig.triggeringEvent));
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.requestConfig.elt;
  if (form.matches("form")) showReady(form);
});
// The browser restored the page as it was when it was left.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-working]").forEach(showReady);
});

/* --- Passwords --- */

const swap = (button, attribute, other) => {
  const before = button.getAttribute(attribute);
  button.setAttribute(attribute, button.getAttribute(other));
  button.setAttribute(other, before);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-password-toggle]");
  const field = button && document.getElementById(button.dataset.passwordToggle);
  if (!field) return;
  const show = field.type === "password";
  field.type = show ? "text" : "password";
  [button.textContent, button.dataset.text] = [button.dataset.text, button.textContent];
  swap(button, "aria-label", "data-label");
  button.setAttribute("aria-pressed", String(show));
});

// Hide passwords before they are sent, so that the browser offers to store them.
document.addEventListener(
  "submit",
  (event) => {
    for (const button of event.target.querySelectorAll("[data-password-toggle][aria-pressed='true']")) button.click();
  },
  true,
);

/* --- The page after a form was rejected --- */

document.addEventListener("DOMContentLoaded", () => {
  const main = document.getElementById("content");
  const invalid =
    main.querySelector("[data-problem-summary]") || (main.querySelector(".rc-error") && firstInvalid(main));
  (invalid || main.querySelector("[data-doubt][tabindex]"))?.focus();
});
