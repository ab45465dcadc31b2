/* Parts of a page that follow what happens on the server.

   <div data-live="EVENTS" data-live-poll="FRAGMENT">: server-sent events "fragment" (HTML whose own
   [data-live] element is the part anew), "trigger" (an event for the body) and "end". Where no stream
   arrives the fragment is asked for every two seconds. A part is over when it comes without an address in
   data-live. Nodes that stay the same are kept, so that focus, selection and moving bars are too.

   data-live-beside="EVENTS": the stream of this part also tells, by events "beside", what the parts with that address
   follow; as long as it is open theirs is not. */
(() => {
  "use strict";

  const POLL_MS = 2000;
  // What the stream triggers at its end; when polling finds the end, it does.
  const AT_END = ["shell:changed", "people:changed", "batch:ended"];
  const streams = new Map(); // Address of events -> { source, beside, timer, failures }

  const parts = (address) => [...document.querySelectorAll("[data-live]")].filter((part) => part.dataset.live === address);
  const addresses = () => new Set([...document.querySelectorAll("[data-live]")].map((part) => part.dataset.live).filter(Boolean));
  const besideOf = (address) => parts(address).find((part) => part.dataset.liveBeside)?.dataset.liveBeside;
  const trigger = (name) => htmx.trigger(document.body, name);

  /* --- Putting a fragment in --- */

  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

  const setAttributes = (old, fresh) => {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  };

  const morph = (old, fresh) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    setAttributes(old, fresh);
    morphChildren(old, fresh);
  };

  const morphChildren = (old, fresh) => {
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      // What stood before a node that comes again is gone.
      const found = wanted.id ? [...old.children].find((child) => child.id === wanted.id) : null;
      while (found && at && at !== found) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      if (at && alike(at, wanted)) {
        morph(at, wanted);
        at = at.nextSibling;
      } else {
        old.insertBefore(wanted, at);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };

  /* `address` is kept while its stream is open, whatever the fragment says: it is how the part is found. */
  const put = (part, html, address = null) => {
    const fragment = new DOMParser().parseFromString(html, "text/html").body;
    const fresh = fragment.querySelector("[data-live]") || (part.id && fragment.querySelector(`#${CSS.escape(part.id)}`));
    const told = part.querySelector("[data-announce]")?.textContent;
    const hadFocus = part.contains(document.activeElement);
    if (fresh) {
      morph(part, fresh);
    } else {
      morphChildren(part, fragment);
      part.dataset.live = "";
    }
    if (address) part.dataset.live = address;
    htmx.process(part);
    const tells = part.querySelector("[data-announce]")?.textContent.trim();
    if (tells && tells !== told?.trim()) window.rollcall.announce(tells);
    if (hadFocus && !part.contains(document.activeElement)) {
      const heading = part.closest(".modal") && document.getElementById("dialog-title");
      (heading || document.getElementById("content"))?.focus({ preventScroll: true });
    }
  };

  /* --- Listening --- */

  const stop = (address) => {
    const stream = streams.get(address);
    if (!stream) return;
    streams.delete(address);
    stream.source?.close();
    clearTimeout(stream.timer);
  };

  /* The part stays as it is: nobody follows it any more. */
  const leave = (address) => {
    for (const part of parts(address)) part.dataset.live = "";
    stop(address);
  };

  const listen = (address) => {
    const stream = { source: null, beside: besideOf(address), timer: 0, failures: 0 };
    streams.set(address, stream);
    if (!window.EventSource) {
      poll(address, stream);
      return;
    }
    const source = new EventSource(address);
    stream.source = source;
    source.addEventListener("fragment", (event) => {
      stream.failures = 0;
      for (const part of parts(address)) put(part, event.data, address);
    });
    source.addEventListener("beside", (event) => {
      for (const part of stream.beside ? parts(stream.beside) : []) put(part, event.data);
    });
    source.addEventListener("trigger", (event) => trigger(event.data));
    source.addEventListener("end", (event) => {
      // The server may tell this viewer no more. The fragment's own answer says what is left to do.
      if (JSON.parse(event.data).ask) ask(address, stream);
      else leave(address);
    });
    source.addEventListener("error", () => {
      stream.failures += 1;
      // The browser connects again by itself; when that leads nowhere, asking may.
      if (source.readyState !== EventSource.CLOSED && stream.failures < 2) return;
      ask(address, stream);
    });
  };

  /* Ask for the fragment instead of listening. */
  const ask = (address, stream) => {
    stream.source.close();
    stream.source = null;
    if (!stream.timer) poll(address, stream);
    follow();
  };

  const poll = async (address, stream) => {
    if (streams.get(address) !== stream) return;
    const from = parts(address).find((part) => part.dataset.livePoll)?.dataset.livePoll;
    if (!from) {
      stop(address);
      return;
    }
    try {
      const answer = await fetch(from, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
      const leads = answer.headers.get("HX-Redirect");
      if (leads) {
        location.assign(leads);
        return;
      }
      if (answer.ok) {
        const html = await answer.text();
        for (const part of parts(address)) put(part, html);
        if (!parts(address).length) {
          stop(address);
          AT_END.forEach(trigger);
          return;
        }
      } else if (answer.status === 404 || answer.status === 403) {
        leave(address);
        return;
      }
    } catch {
      // The network is away; it is asked again.
    }
    stream.timer = setTimeout(() => poll(address, stream), POLL_MS);
  };

  // Streams follow what is on the page, and rest while nobody looks: a browser allows few per server.
  const follow = () => {
    const wanted = document.hidden ? new Set() : addresses();
    for (const address of [...wanted]) {
      const stream = streams.get(address);
      // Where the fragment is asked for, nothing is told beside it.
      if (!stream || stream.source) wanted.delete(stream ? stream.beside : besideOf(address));
    }
    for (const address of [...streams.keys()]) if (!wanted.has(address)) stop(address);
    for (const address of wanted) if (!streams.has(address)) listen(address);
  };

  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      follow();
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    follow();
    new MutationObserver(soon).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["data-live"],
    });
  });
  document.addEventListener("visibilitychange", follow);
  window.addEventListener("pagehide", () => [...streams.keys()].forEach(stop));
  window.addEventListener("pageshow", (event) => event.persisted && follow());
})();
