/* Parts of a page that follow what happens on the server.

   <div data-live="EVENTS" data-live-poll="FRAGMENT">: server-sent events "fragment" (HTML whose own [data-live] element
   replaces the part), "trigger" (an event for the body) and "end". If the stream fails, the fragment is requested
   every two seconds. A part that comes without an address in data-live has ended. Nodes that stay the same are kept,
   and with them focus, selection and progress bars.

   data-live-beside="EVENTS": the stream of this part also sends, as events "beside", what the parts with that address
   show. As long as it is open, theirs is not. */

import { announce } from "./messages.js";
import "../django_htmx/ext/hx-sse-2.min.js";

const POLL_MS = 2000;
// What a stream triggers at its end. A poll that finds the end triggers the same.
const AT_END = ["shell:changed", "people:changed", "batch:ended"];
const followed = new Map(); // By address: { source: the element that has the stream, beside, timer, failures }

const partsOf = (address) =>
  [...document.querySelectorAll("[data-live]")].filter((part) => part.dataset.live === address);
const besideOf = (address) => partsOf(address).find((part) => part.dataset.liveBeside)?.dataset.liveBeside;
const trigger = (name) => htmx.trigger(document.body, name);

/* --- Replacing a part and keeping what is the same --- */

const isSame = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

const morph = (old, fresh) => {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
};

const morphChildren = (old, fresh) => {
  let at = old.firstChild;
  const skipUntil = (end) => {
    while (at && at !== end) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };
  for (const wanted of [...fresh.childNodes]) {
    // What stands before a node that comes again is gone.
    const again = wanted.id && [...old.children].find((child) => child.id === wanted.id);
    if (again) skipUntil(again);
    if (at && isSame(at, wanted)) {
      morph(at, wanted);
      at = at.nextSibling;
    } else {
      old.insertBefore(wanted, at);
    }
  }
  skipUntil(null);
};

/* `address` stays in data-live while its stream is open, whatever the fragment says: it is how the part is found. */
const replace = (part, html, address = null) => {
  const fragment = new DOMParser().parseFromString(html, "text/html").body;
  const fresh = fragment.querySelector("[data-live]") || (part.id && fragment.querySelector(`#${CSS.escape(part.id)}`));
  const announced = part.querySelector("[data-announce]")?.textContent.trim();
  const hadFocus = part.contains(document.activeElement);
  if (fresh) {
    morph(part, fresh);
  } else {
    morphChildren(part, fragment);
    part.dataset.live = "";
  }
  if (address) part.dataset.live = address;
  htmx.process(part);
  const sentence = part.querySelector("[data-announce]")?.textContent.trim();
  if (sentence !== announced) announce(sentence);
  if (hadFocus && !part.contains(document.activeElement)) {
    const heading = part.closest("dialog") && document.getElementById("dialog-title");
    (heading || document.getElementById("content")).focus({ preventScroll: true });
  }
};

/* --- Streams: htmx's extension opens, reopens and closes them --- */

const closeStream = (stream) => {
  if (stream.source) htmx.swap(stream.source, "", { swapStyle: "delete" });
  stream.source = null;
};

const stop = (address) => {
  const stream = followed.get(address);
  if (!stream) return;
  followed.delete(address);
  closeStream(stream);
  clearTimeout(stream.timer);
};

/* The parts stay as they are. */
const leave = (address) => {
  for (const part of partsOf(address)) part.dataset.live = "";
  stop(address);
};

const EVENTS = "fragment,beside,trigger,end";

const handle = (type, data, address, stream) => {
  if (type === "fragment") {
    for (const part of partsOf(address)) replace(part, data, address);
  } else if (type === "beside") {
    for (const part of stream.beside ? partsOf(stream.beside) : []) replace(part, data);
  } else if (type === "trigger") {
    trigger(data);
  } else if (JSON.parse(data).ask) {
    // The viewer may see no more. The response to a request for the fragment says why.
    pollInstead(address, stream);
  } else {
    leave(address);
  }
};

const openStream = (address) => {
  const stream = { source: document.createElement("div"), beside: besideOf(address), timer: 0, failures: 0 };
  followed.set(address, stream);
  stream.source.hidden = true;
  stream.source.setAttribute("hx-ext", "sse");
  stream.source.setAttribute("sse-connect", address);
  stream.source.setAttribute("sse-swap", EVENTS);
  stream.source.addEventListener("htmx:sseBeforeMessage", (event) => {
    event.preventDefault(); // Nothing is swapped into the element itself.
    stream.failures = 0;
    handle(event.detail.type, event.detail.data, address, stream);
  });
  stream.source.addEventListener("htmx:sseError", (event) => {
    stream.failures += 1;
    if (event.detail.source.readyState === EventSource.CLOSED || stream.failures > 1) pollInstead(address, stream);
  });
  document.body.append(stream.source);
  htmx.process(stream.source);
};

/* --- Polling --- */

const pollInstead = (address, stream) => {
  closeStream(stream);
  if (!stream.timer) poll(address, stream);
  follow();
};

const poll = async (address, stream) => {
  if (followed.get(address) !== stream) return;
  const from = partsOf(address).find((part) => part.dataset.livePoll)?.dataset.livePoll;
  if (!from) {
    stop(address);
    return;
  }
  try {
    const response = await fetch(from, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
    const redirect = response.headers.get("HX-Redirect");
    if (redirect) {
      location.assign(redirect);
      return;
    }
    if (response.ok) {
      const html = await response.text();
      for (const part of partsOf(address)) replace(part, html);
      if (!partsOf(address).length) {
        stop(address);
        AT_END.forEach(trigger);
        return;
      }
    } else if (response.status === 404 || response.status === 403) {
      leave(address);
      return;
    }
  } catch {
    // The network is down: try again.
  }
  stream.timer = setTimeout(() => poll(address, stream), POLL_MS);
};

/* --- Follow what is on the page, and nothing while the page is hidden: browsers allow few streams per server --- */

const follow = () => {
  const live = document.hidden ? [] : [...document.querySelectorAll("[data-live]:not([data-live=''])")];
  const wanted = new Set(live.map((part) => part.dataset.live));
  for (const address of [...wanted]) {
    const stream = followed.get(address);
    // A poll sends nothing for other parts.
    if (!stream || stream.source) wanted.delete(stream ? stream.beside : besideOf(address));
  }
  for (const address of [...followed.keys()]) if (!wanted.has(address)) stop(address);
  for (const address of wanted) if (!followed.has(address)) openStream(address);
};

follow();
new MutationObserver(follow).observe(document.body, {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["data-live"],
});
document.addEventListener("visibilitychange", follow);
window.addEventListener("pagehide", () => [...followed.keys()].forEach(stop));
window.addEventListener("pageshow", (event) => event.persisted && follow());
