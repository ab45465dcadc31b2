/* The grid of rows that need fixing: one tab stop, arrow keys, typing, pasting. Each edit goes to the server, which
   checks and stores it and returns the changed rows. Edits are sent one after the other, so they keep their order.
   Unanswered edits are kept in this tab: they are sent when the page is left, and again when it is loaded.

   [data-grid]        the table; its rows are [data-grid-row], its cells .rc-cell with data-place and data-text
   button[name=do]    the actions of a row; those of the bar submit the form
   #grid-bar, #grid-alike, #grid-said   come with every response */

import { announce, make, on, showError, textOf } from "./messages.js";

const grid = document.querySelector("[data-grid]");
const form = document.getElementById("grid-form");

let current = null; // The cell or button that Tab moves to.
let editor = null; // { cell, field, before }
let moving = false; // The editor is being moved into a row from the server.
let queue = Promise.resolve();
let waiting = 0; // Requests without a response yet.
let unanswered = []; // Their content, and edits that could not be sent: { fields, edits }

/* --- Rows, cells, stops --- */

const rowOf = (element) => element.closest("[data-grid-row]");
const cellOf = (element) => element.closest(".rc-cell");
const rows = () => [...grid.querySelectorAll("[data-grid-row]")];
const cellsOf = (row) => [...row.querySelectorAll(".rc-cell")];
// Where the left and right arrow keys stop. The buttons inside a cell are below its value.
const stopsOf = (row) => [...cellsOf(row), ...row.querySelectorAll(".rc-grid-action button")];
const buttonsIn = (cell) => [...cell.querySelectorAll(":scope > button")];
const isOut = (row) => row.dataset.state === "out";
const isBad = (cell) => cell.classList.contains("rc-cell-bad");

const enhance = (row) => {
  for (const cell of cellsOf(row)) {
    const id = cell.id.replace("cell-", "");
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-labelledby", `value-${id}`);
    cell.tabIndex = -1;
    if (isOut(row)) cell.setAttribute("aria-readonly", "true");
    const doubt = cell.querySelector("[data-doubt]");
    if (doubt) cell.setAttribute("aria-describedby", doubt.id);
    if (!isBad(cell)) continue;
    cell.setAttribute("aria-invalid", "true");
    cell.setAttribute("aria-describedby", `cause-${id}`);
  }
  row.querySelector(".rc-grid-action")?.setAttribute("role", "gridcell");
  for (const button of row.querySelectorAll("button")) button.tabIndex = -1;
};

const makeCurrent = (element) => {
  if (current) current.tabIndex = -1;
  current = element;
  if (current) current.tabIndex = 0;
};

const go = (element) => {
  if (!element) return;
  makeCurrent(element);
  element.focus();
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
};

const firstStop = () => grid.querySelector(".rc-cell-bad") || grid.querySelector(".rc-cell");

/* Scroll so that the bar doesn't cover the element. */
const keepOverBar = (element) => {
  const bar = document.getElementById("grid-bar")?.getBoundingClientRect();
  const box = element.getBoundingClientRect();
  if (bar && box.bottom > bar.top - 8 && box.top < bar.bottom) window.scrollBy(0, box.bottom - bar.top + 16);
};

/* Move to the next problem; after the last one to the first that is left, the next page, or the main button. */
const goOn = (cell) => {
  const bad = [...grid.querySelectorAll(".rc-cell-bad")].filter((each) => each !== cell);
  const isAfter = (each) => cell.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = bad.find(isAfter) || bad[0];
  go(next || cell);
  if (next) {
    keepOverBar(next);
    return;
  }
  queue.then(() => {
    if (editor || document.activeElement !== current || grid.querySelector(".rc-cell-bad")) return;
    (document.querySelector(".rc-paging a[rel=next]") || document.querySelector("#grid-bar .rc-filled"))?.focus();
  });
};

/* --- Moving --- */

const move = (event, at) => {
  const row = rowOf(at);
  const all = rows();
  const inCell = at.tagName === "BUTTON" ? cellOf(at) : null;
  const stops = stopsOf(row);
  const place = stops.indexOf(inCell || at);
  const back = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  const beside = (by) => {
    const other = all[all.indexOf(row) + by];
    return other && (stopsOf(other)[place] || stopsOf(other).at(-1));
  };
  const inner = buttonsIn(inCell || at);
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowRight":
      return stops[place + (event.key === back ? -1 : 1)];
    case "ArrowDown":
      return inner[inCell ? inner.indexOf(at) + 1 : 0] || beside(1);
    case "ArrowUp":
      return inCell ? inner[inner.indexOf(at) - 1] || inCell : beside(-1);
    case "Home":
      return event.ctrlKey ? stopsOf(all[0])[0] : stops[0];
    case "End":
      return event.ctrlKey ? stopsOf(all.at(-1)).at(-1) : stops.at(-1);
  }
  return null;
};

const MOVES = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

grid.addEventListener("keydown", (event) => {
  if (editor && editor.field === event.target) return;
  const at = event.target.closest("button, .rc-cell");
  if (!at || event.altKey || event.metaKey || event.isComposing) return;
  if (MOVES.has(event.key)) {
    event.preventDefault();
    const to = move(event, at);
    go(to);
    if (to) keepOverBar(to);
    return;
  }
  if (event.ctrlKey || at.tagName === "BUTTON" || isOut(rowOf(at))) return;
  if (event.key === "Enter" || event.key === "F2") {
    event.preventDefault();
    edit(at);
  } else if (event.key === " ") {
    event.preventDefault();
    const [button] = buttonsIn(at);
    // One of several choices isn't made by accident.
    if (button?.dataset.choice !== undefined) go(button);
    else if (button) button.click();
    else edit(at);
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    save([{ cell: at, value: "" }]);
  } else if (event.key.length === 1 || event.key === "Dead" || event.key === "Process") {
    // The character itself goes into the field, which has the focus by then, and replaces the old value.
    edit(at, { all: true });
  }
});

grid.addEventListener("focusin", (event) => {
  const at = event.target.closest("button, .rc-cell");
  if (at && !moving) makeCurrent(at);
});

/* --- Editing --- */

const edit = (cell, { all = false, value = null } = {}) => {
  if (editor?.cell === cell || isOut(rowOf(cell))) return;
  if (editor) commit();
  const before = cell.dataset.text;
  const box = make("div", "rc-cell-editor");
  const field = document.createElement(before.includes("\n") ? "textarea" : "input");
  field.value = value ?? before;
  field.setAttribute(
    "aria-label",
    textOf(grid, "Cell", { column: cell.dataset.label, row: rowOf(cell).dataset.rowName }),
  );
  field.autocomplete = "off";
  field.spellcheck = false;
  field.setAttribute("autocapitalize", "off");
  if (field.tagName === "TEXTAREA") field.rows = 3;
  if (cell.dataset.place === "0") field.inputMode = "email";
  const hint = make("span", "rc-cell-hint");
  hint.id = "grid-hint";
  hint.append(make("span", "", textOf(grid, "Keys")));
  const how = cell.querySelector("[data-how]")?.textContent.trim();
  if (how) hint.append(make("span", "", how));
  field.setAttribute("aria-describedby", `${isBad(cell) ? `${cell.getAttribute("aria-describedby")} ` : ""}grid-hint`);
  box.append(field, hint);
  cell.append(box);
  cell.classList.add("rc-cell-editing");
  editor = { cell, field, before };
  makeCurrent(cell);
  field.addEventListener("keydown", inField);
  field.addEventListener("blur", () => {
    if (!moving && editor?.field === field) commit();
  });
  field.focus();
  if (all) field.select();
  else field.setSelectionRange(field.value.length, field.value.length);
  keepOverBar(cell);
};

const close = () => {
  const { cell, field } = editor;
  editor = null;
  field.parentElement.remove();
  cell.classList.remove("rc-cell-editing");
  return cell;
};

const commit = () => {
  const { field, before } = editor;
  const value = field.value;
  const cell = close();
  if (value !== before || cell.dataset.unsaved !== undefined) save([{ cell, value }]);
  return cell;
};

const inField = (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !(event.shiftKey && event.target.tagName === "TEXTAREA")) {
    event.preventDefault();
    event.stopPropagation();
    goOn(commit());
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    go(close());
  }
};

grid.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=do]");
  if (button) {
    event.preventDefault();
    ask({ do: button.value });
    return;
  }
  const cell = event.target.closest(".rc-cell");
  if (!cell || editor?.cell === cell || !getSelection().isCollapsed) return;
  if (isOut(rowOf(cell))) go(cell);
  else edit(cell);
});

on("click", "#grid-alike button", (button, event) => {
  event.preventDefault();
  ask({ do: button.value }).then(() => document.querySelector("#grid-alike button") || go(firstStop()));
});

/* --- Pasting a block from a spreadsheet, to the right and down --- */

// In quotation marks or not, and what follows.
const CELL = /(?:"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*))([\t\n]|$)/g;

const parse = (text) => {
  const lines = [[]];
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (const [, quoted, plain, end] of source.matchAll(CELL)) {
    lines.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\n") lines.push([]);
    if (!end) break;
  }
  return lines;
};

grid.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const from = event.target.closest(".rc-cell");
  const inside = editor && editor.field === event.target;
  if (!from || isOut(rowOf(from)) || !text) return;
  if (inside && !text.includes("\t") && (editor.field.tagName === "TEXTAREA" || !/[\r\n]./.test(text))) return;
  event.preventDefault();
  if (inside) go(close());
  const block = parse(text);
  const open = rows().filter((row) => !isOut(row));
  const first = open.indexOf(rowOf(from));
  const place = Number(from.dataset.place);
  const edits = [];
  block.forEach((values, down) => {
    const cells = open[first + down] ? cellsOf(open[first + down]) : [];
    for (const [right, cell] of cells.slice(place, place + values.length).entries()) {
      edits.push({ cell, value: values[right] });
    }
  });
  const cut = first + block.length > open.length;
  save(edits, cut ? textOf(grid, "Cut") : "");
});

/* --- To the server and back --- */

const save = (edits, also = "") => {
  const wanted = edits.map(({ cell, value }) => {
    return { id: cell.id, row: rowOf(cell).dataset.gridRow, value, was: valuesBefore(cell) };
  });
  // An edit that could not be sent is replaced by this one.
  for (const asked of unanswered)
    if (asked.failed) asked.edits = asked.edits.filter(({ id }) => !wanted.some((each) => each.id === id));
  for (const { cell, value } of edits) show(cell, value);
  return ask({ do: "save" }, wanted, also);
};

/* Show the value at once; the row from the server follows. */
const show = (cell, value) => {
  const shown = cell.querySelector(".rc-cell-value");
  shown.querySelector("bdi").textContent = value || textOf(grid, "Empty");
  shown.classList.toggle("rc-cell-empty", !value);
  cell.dataset.text = value;
  cell.setAttribute("aria-busy", "true");
};

const ask = (fields, edits = [], also = "", { blind = false } = {}) => {
  const asked = { fields, edits };
  unanswered.push(asked);
  keep();
  waiting += 1;
  const send = () => request(asked, also, { blind }).finally(() => (waiting -= 1));
  // At once if no other request is running: the user may be leaving the page.
  queue = waiting === 1 ? send() : queue.then(send);
  return queue;
};

/* `blind`: we don't know whether an earlier one of these edits arrived. Then the server can't detect a conflict by the
   version of the row, but by whether the cell has one of the values from before. */
const request = async (asked, also, { blind = false } = {}) => {
  const { fields, edits } = asked;
  const body = new URLSearchParams({ ...fields, shown: form.elements.shown.value });
  for (const { id, row, value, was } of edits) {
    body.set(id, value);
    if (blind) for (const before of was) body.append(id.replace("cell-", "was-"), before);
    // The current version: an earlier edit may have changed the row.
    else body.set(`seen-${row}`, document.getElementById(`row-${row}`)?.dataset.version ?? "");
  }
  let answer = null;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "HX-Request": "true", "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value },
      keepalive: body.toString().length < 50_000,
    });
  } catch {
    // There is no network: reported below.
  }
  // Sent again later if the server wasn't reached or failed.
  asked.failed = !answer || answer.status >= 500;
  unanswered = unanswered.filter((each) => (each.edits.length && each.failed) || each !== asked);
  keep();
  const leads = answer?.headers.get("HX-Redirect");
  if (leads) return location.assign(leads);
  if (!answer?.ok) return failed(answer, edits);
  put(new DOMParser().parseFromString(await answer.text(), "text/html"), also);
};

/* --- Unanswered edits --- */

// For this file only: in a corrected one, a row of that number is another person.
const KEPT = `rollcall:${location.pathname}:${form.elements.shown.value}`;

const keep = () => {
  try {
    if (unanswered.length) sessionStorage.setItem(KEPT, JSON.stringify(unanswered));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Storage is full or disabled: the edits are only sent.
  }
};

/* The values that the cell may have on the server: the last known one, and those sent since. */
const valuesBefore = (cell) => {
  const sent = unanswered.flatMap(({ edits }) => edits).filter(({ id }) => id === cell.id);
  return [...new Set([cell.dataset.text, ...sent.flatMap(({ value, was }) => [value, ...was])])];
};

/* Send all edits at once when the page is left. Pressed buttons wait until it is loaded again. */
const sendAll = () => {
  const edits = new Map(unanswered.flatMap((asked) => asked.edits).map((edit) => [edit.id, edit]));
  if (edits.size) request({ fields: { do: "save" }, edits: [...edits.values()] }, "", { blind: true });
};

const sendAgain = () => {
  let kept = [];
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  } catch {
    // Not written by us.
  }
  for (const { fields, edits } of kept) {
    // The action of a button that is gone was done.
    const done = fields.do !== "save" && !grid.querySelector(`button[value="${CSS.escape(fields.do)}"]`);
    if (done) continue;
    for (const { id, value } of edits) if (document.getElementById(id)) show(document.getElementById(id), value);
    ask(fields, edits, "", { blind: true });
  }
  keep();
};

/* Keep what was typed in the cell, so that it can be sent again. */
const failed = (answer, edits) => {
  for (const { id, value } of edits) {
    const cell = document.getElementById(id);
    if (!cell) continue;
    cell.removeAttribute("aria-busy");
    cell.dataset.text = value;
    cell.dataset.unsaved = "";
    if (cell.querySelector("[data-not-saved]")) continue;
    const cause = make("span", "rc-cell-cause", textOf(grid, "Unsaved"));
    cause.dataset.notSaved = "";
    cell.querySelector(".rc-cell-value").after(cause);
    cell.classList.add("rc-cell-bad");
  }
  // A rejected request gives the reason as plain text.
  const why = answer?.headers.get("Content-Type")?.startsWith("text/plain") ? answer.text() : Promise.resolve("");
  why.then((reason) => showError(answer?.status ?? 0, reason));
};

const put = (fresh, also) => {
  for (const row of [...fresh.querySelectorAll("[data-grid-row]")]) replace(document.getElementById(row.id), row);
  for (const id of ["grid-heading", "grid-lead", "grid-bar", "grid-alike"]) {
    const [old, part] = [document.getElementById(id), fresh.getElementById(id)];
    if (!old || !part || old.innerHTML === part.innerHTML) continue;
    const pressed = old.contains(document.activeElement);
    old.replaceWith(part);
    if (pressed) part.querySelector("button")?.focus();
  }
  for (const cell of grid.querySelectorAll("[aria-busy]"))
    if (!waiting || waiting === 1) cell.removeAttribute("aria-busy");
  const said = fresh.getElementById("grid-said")?.textContent ?? "";
  announce(`${said} ${also}`.trim());
};

const replace = (old, row) => {
  if (!old) return;
  enhance(row);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const was = current && old.contains(current) ? current : null;
  const edited = editor && old.contains(editor.cell) ? editor : null;
  const range = edited && [edited.field.selectionStart, edited.field.selectionEnd];
  // The same cell in the new row; for a button outside a cell, the first button of the row, or its first cell.
  const again = (element) => {
    const cell = cellOf(element);
    if (cell) return row.querySelector(`#${CSS.escape(cell.id)}`);
    return row.querySelector(".rc-grid-action button") || row.querySelector(".rc-cell");
  };
  moving = true;
  old.replaceWith(document.adoptNode(row));
  if (was) makeCurrent(again(was));
  if (edited && !isOut(row)) {
    const cell = again(edited.cell);
    cell.append(edited.field.parentElement);
    cell.classList.add("rc-cell-editing");
    editor = { cell, field: edited.field, before: cell.dataset.text };
    edited.field.focus();
    edited.field.setSelectionRange(...range);
  } else {
    if (edited) editor = null;
    if (focused) again(focused)?.focus();
  }
  moving = false;
};

// The buttons of the bar submit the form, after all running requests.
document.addEventListener(
  "submit",
  (event) => {
    if (event.target !== form || !waiting) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const action = Object.assign(document.createElement("input"), {
      type: "hidden",
      name: "do",
      value: event.submitter?.value ?? "check",
    });
    queue.then(() => {
      if (grid.querySelector("[data-unsaved]")) return;
      form.append(action);
      form.requestSubmit();
    });
  },
  true,
);

// Leaving the page saves the open cell; coming back loads the current state.
for (const leaving of ["beforeunload", "pagehide"]) window.addEventListener(leaving, () => editor && commit());
window.addEventListener("pagehide", () => (waiting > 1 || unanswered.some(({ failed }) => failed)) && sendAll());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

grid.setAttribute("role", "grid");
grid.setAttribute("aria-describedby", "grid-keys");
rows().forEach(enhance);
makeCurrent(firstStop());
sendAgain();
