/* The one dialog. What htmx swaps into #dialog-content opens it; it keeps the keyboard inside, asks before
   typed words are lost, and gives the focus back. On a page that is itself a dialog (no JavaScript was
   there, or its address was opened) #dialog-content stands in the page, and closing leads back. */
(() => {
  "use strict";

  const content = document.getElementById("dialog-content");
  if (!content) return;
  const frame = document.getElementById("dialog");
  const modal = frame && bootstrap.Modal.getOrCreateInstance(frame, { backdrop: "static", keyboard: true, focus: false });
  const FOCUSABLE =
    "a[href], button:not(:disabled), input:not(:disabled, [type='hidden']), select:not(:disabled), textarea:not(:disabled), summary, [tabindex='0']";

  let opener = null; // What had the focus when the dialog opened.
  let typed = false; // Something was put in that closing would lose.
  let closing = false; // On its way out, which takes a moment.
  let next = null; // What opened it again meanwhile.
  let leaving = false; // The answer to "Leave?" was yes, or there was nothing to ask.

  const isOpen = () => frame?.classList.contains("show");
  const title = () => content.querySelector("#dialog-title");
  const seen = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";

  /* --- After each swap: open, and move to the new heading, or to what is wrong --- */

  const focusContent = () => {
    const wrong =
      content.querySelector("[data-problem-summary]") ||
      window.rollcall.firstInvalid?.(content) ||
      content.querySelector("[data-doubt]");
    (wrong || title())?.focus();
  };

  const open = (from) => {
    if (!modal || isOpen()) return;
    // Bootstrap does not hear a dialog being opened while it is still closing.
    if (closing) {
      next = from || document.activeElement;
      return;
    }
    opener = from || document.activeElement;
    leaving = false;
    modal.show();
  };

  // Bootstrap shows the dialog a moment later; what is not displayed takes no focus.
  const focusWhenShown = () => {
    if (!frame || frame.style.display === "block") focusContent();
    else requestAnimationFrame(focusWhenShown);
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== content) return;
    // An answer of 422 is the same form again, with what was typed.
    if (event.detail.xhr?.status !== 422) typed = false;
    open(event.detail.requestConfig?.elt);
  });
  // Later, when what stands in for a field (the sites) is there as well.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target === content && !closing) focusWhenShown();
  });

  /* --- Keyboard: Tab goes round inside. Bootstrap's own trap lets go when nothing follows the dialog. --- */

  frame?.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const inside = [...frame.querySelectorAll(FOCUSABLE)].filter((element) => element.tabIndex >= 0 && seen(element));
    if (!inside.length) {
      event.preventDefault();
      return;
    }
    const [first, last] = [inside[0], inside[inside.length - 1]];
    const at = document.activeElement;
    if (event.shiftKey ? at === first || !inside.includes(at) && !precededBy(at, first) : at === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  });

  // Whether `at` (the heading, say) stands after `first`, so that Shift+Tab has somewhere to go.
  const precededBy = (at, first) => Boolean(first.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING);

  document.addEventListener("focusin", (event) => {
    if (isOpen() && !frame.contains(event.target)) (content.querySelector(".rc-ask h2, .rc-upload h2") || title() || frame).focus();
  });

  /* --- Closing --- */

  // Bootstrap does not hear a dialog being closed while it is still opening.
  let moving = false;
  frame?.addEventListener("show.bs.modal", () => (moving = true));
  frame?.addEventListener("shown.bs.modal", () => (moving = false));
  const hide = () => {
    if (moving) frame.addEventListener("shown.bs.modal", () => modal.hide(), { once: true });
    else modal.hide();
  };

  const close = () => {
    leaving = true;
    if (modal) hide();
    else location.assign(content.querySelector("a[data-dialog-close]")?.href || "/");
  };

  frame?.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && moving) hide();
    if (event.key === "Escape" && closing) next = null;
  });

  // A live update can remove the focused element. Then the page's body gets the key, and Bootstrap doesn't.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen() && event.target === document.body) hide();
  });

  content.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-dialog-close]");
    if (!closer || !modal) return;
    event.preventDefault();
    hide();
  });
  document.body.addEventListener("dialog:close", close);

  content.addEventListener("input", (event) => {
    if (event.target.closest("form[method=post]")) typed = true;
  });
  content.addEventListener("change", (event) => {
    if (event.isTrusted && event.target.closest("form[method=post]")) typed = true;
  });

  const askFirst = () => {
    const before = document.activeElement;
    content.append(document.getElementById("dialog-guard").content.cloneNode(true));
    const guard = content.querySelector(".rc-ask");
    const asked = content.querySelector("[data-guard]")?.dataset.guard;
    if (asked) guard.querySelector("h2").textContent = asked;
    content.classList.add("rc-guarded");
    frame.setAttribute("aria-labelledby", "dialog-guard-title");
    guard.querySelector("[data-guard-stay]").addEventListener("click", () => {
      dropGuard();
      (seen(before) ? before : title())?.focus();
    });
    guard.querySelector("[data-guard-leave]").addEventListener("click", close);
    guard.querySelector("h2").focus();
  };

  const dropGuard = () => {
    content.querySelector(".rc-ask")?.remove();
    content.classList.toggle("rc-guarded", Boolean(content.querySelector(".rc-upload")));
    frame.setAttribute("aria-labelledby", "dialog-title");
  };

  frame?.addEventListener("hide.bs.modal", (event) => {
    if (event.target !== frame) return;
    if (leaving || !typed) {
      closing = true;
      return;
    }
    event.preventDefault();
    // Escape a second time means: stay.
    if (content.querySelector(".rc-ask")) content.querySelector("[data-guard-stay]").click();
    else askFirst();
  });

  frame?.addEventListener("hidden.bs.modal", (event) => {
    if (event.target !== frame) return;
    closing = false;
    dropGuard();
    if (next) {
      const from = next;
      next = null;
      open(from);
      focusWhenShown();
      return;
    }
    // What is still being sent from here is not wanted any more.
    for (const form of content.querySelectorAll("form")) htmx.trigger(form, "htmx:abort");
    htmx.swap(content, "", { swapStyle: "innerHTML" });
    typed = leaving = false;
    giveFocusBack();
  });

  /* --- Focus goes back to what opened the dialog; a list that comes anew may have taken that away --- */

  const giveFocusBack = () => {
    const menu = opener?.closest?.(".dropdown, .dropup")?.querySelector("[data-bs-toggle='dropdown']");
    const same = [opener, menu].map((gone) => gone?.id && document.getElementById(gone.id));
    const candidates = [opener?.isConnected && opener, menu?.isConnected && menu, ...same];
    candidates.push(document.querySelector("[data-dialog-return]"), document.getElementById("content"));
    candidates.find((element) => element && seen(element))?.focus();
  };

  document.addEventListener("htmx:afterSettle", (event) => {
    const lost = opener && !isOpen() && document.activeElement === document.body;
    if (lost && !opener.isConnected && event.detail.target !== content) giveFocusBack();
  });

  // A new gesture of the user ends our care for the old focus.
  document.addEventListener("pointerdown", () => {
    if (!isOpen()) opener = null;
  });

  /* Shows what is in a template of the page as the dialog; for errors.js. */
  window.rollcall.openDialog = (template, from) => {
    htmx.swap(content, "", { swapStyle: "innerHTML" });
    content.append(template.content.cloneNode(true));
    typed = false;
    open(from);
    focusWhenShown();
    return content;
  };
})();
