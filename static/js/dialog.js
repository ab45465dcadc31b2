/* The one <dialog>. What htmx swaps into #dialog-content opens it. Closing asks before typed text is lost.

   On a page that is itself a dialog (its address was opened), #dialog-content is part of the page and there is no
   <dialog>. Closing then leads back. */

import { firstInvalid } from "./forms.js";
import { modulesLoaded } from "./shell.js";

const content = document.getElementById("dialog-content");
const dialog = document.getElementById("dialog");

let opener = null; // What had the focus when the dialog opened.
let typed = false; // The user typed something that closing would lose.

const title = () => content.querySelector("#dialog-title");
const isVisible = (element) => element.getClientRects().length > 0;

/* --- Opening --- */

const focusContent = () => {
  const invalid = content.querySelector("[data-problem-summary]") || firstInvalid(content);
  (invalid || content.querySelector("[data-doubt]") || title())?.focus();
};

const open = (from) => {
  if (!dialog || dialog.open) return;
  opener = from || document.activeElement;
  dialog.showModal();
};

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== content) return;
  // A 422 is the same form again, with what was typed.
  if (event.detail.xhr?.status !== 422) typed = false;
  open(event.detail.requestConfig?.elt);
});
// When the content works: its modules are loaded, and have replaced the sites field, for example.
document.addEventListener("htmx:afterSettle", async (event) => {
  if (event.detail.target !== content) return;
  const before = document.activeElement;
  await modulesLoaded();
  if (document.activeElement === before) focusContent();
});

/* Show the <template> of the page as the dialog. */
content.addEventListener("dialog:open", (event) => {
  const { template, from } = event.detail;
  clear();
  content.append(template.content.cloneNode(true));
  typed = false;
  open(from);
  focusContent();
});

/* --- Closing --- */

const clear = () => htmx.swap(content, "", { swapStyle: "innerHTML" });

const close = () => {
  typed = false;
  if (dialog) dialog.close();
  else location.assign(content.querySelector("a[data-dialog-close]")?.href || "/");
};

/* Close, unless typed text would be lost: then ask first. Asking a second time means "Keep going". */
const requestClose = () => {
  const stay = content.querySelector("[data-guard-stay]");
  if (stay) stay.click();
  else if (typed) ask();
  else close();
};

const ask = () => {
  const before = document.activeElement;
  content.append(document.getElementById("dialog-guard").content.cloneNode(true));
  const guard = content.querySelector(".rc-ask");
  const question = content.querySelector("[data-guard]")?.dataset.guard;
  if (question) guard.querySelector("h2").textContent = question;
  content.classList.add("rc-guarded");
  dialog.setAttribute("aria-labelledby", "dialog-guard-title");
  guard.querySelector("[data-guard-stay]").addEventListener("click", () => {
    removeGuard();
    (isVisible(before) ? before : title())?.focus();
  });
  guard.querySelector("[data-guard-leave]").addEventListener("click", close);
  guard.querySelector("h2").focus();
};

const removeGuard = () => {
  content.querySelector(".rc-ask")?.remove();
  content.classList.toggle("rc-guarded", Boolean(content.querySelector(".rc-upload, .rc-in-place")));
  dialog.setAttribute("aria-labelledby", "dialog-title");
};

const noteTyping = (event) => {
  // Scripts dispatch events, too, such as tom-select when it starts.
  const form = event.target.closest("form[method=post]:not([data-download])");
  if ((event.type === "input" || event.isTrusted) && form) typed = true;
};
content.addEventListener("input", noteTyping);
content.addEventListener("change", noteTyping);

content.addEventListener("click", (event) => {
  if (!dialog || !event.target.closest("[data-dialog-close]")) return;
  event.preventDefault();
  requestClose();
});
document.body.addEventListener("dialog:close", close);

// The answer to such a form is a file, and the page stays.
content.addEventListener("submit", (event) => {
  if (dialog && event.target.matches("[data-download]")) setTimeout(close);
});

// Not left to the browser, which closes on a second Escape even if the first one was answered with a question. On the
// document, because a live update can remove the focused element, and then the page's body gets the key.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || !dialog?.open) return;
  event.preventDefault();
  requestClose();
});

// The Back gesture of a phone. File inputs send an event of that name, too.
dialog?.addEventListener("cancel", (event) => {
  if (event.target !== dialog) return;
  event.preventDefault();
  requestClose();
});

dialog?.addEventListener("close", () => {
  if (dialog.open) return; // Opened again in the meantime.
  removeGuard();
  for (const form of content.querySelectorAll("form")) htmx.trigger(form, "htmx:abort");
  clear();
  restoreFocus();
});

/* --- The focus returns to what opened the dialog, or to what replaced it in a refreshed list --- */

const restoreFocus = () => {
  const menu = opener?.closest?.("[popover]");
  const button = menu && document.querySelector(`[popovertarget="${menu.id}"]`);
  const candidates = [opener, button, ...[opener, button].map((gone) => gone?.id && document.getElementById(gone.id))];
  candidates.push(document.querySelector("[data-dialog-return]"), document.getElementById("content"));
  candidates.find((element) => element?.isConnected && isVisible(element))?.focus();
};

document.addEventListener("htmx:afterSettle", (event) => {
  const isLost = opener && !dialog?.open && document.activeElement === document.body;
  if (isLost && !opener.isConnected && event.detail.target !== content) restoreFocus();
});

// After a new gesture, the focus is where the user put it.
document.addEventListener("pointerdown", () => {
  if (!dialog?.open) opener = null;
});
