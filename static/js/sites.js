/* The sites select: chips, type to filter, options with a box and the country. "All sites" stands alone. */
(() => {
  "use strict";

  const ALL = "all";

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  const option = (data) => {
    const line = make("div");
    const box = make("span", "rc-box");
    box.setAttribute("aria-hidden", "true");
    line.append(box, make("bdi", "", data.text));
    if (data.country) line.append(make("bdi", "rc-option-note", data.country));
    return line;
  };

  const item = (data, take) => {
    const chip = make("div");
    const remove = make("button", "remove");
    remove.type = "button";
    remove.tabIndex = -1; // From the keyboard, Backspace takes the last chip away.
    remove.setAttribute("aria-label", `Remove ${data.text}`);
    // The focus stays where it is, and the chip does not become tom-select's active one.
    remove.addEventListener("mousedown", (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
    remove.addEventListener("click", (event) => {
      event.stopPropagation();
      take(data.value);
    });
    chip.append(make("bdi", "", data.text), remove);
    return chip;
  };

  const nothing = ({ input }) => {
    const line = make("div", "no-results");
    const words = make("span", "", "No site matches “");
    words.append(make("bdi", "", input), "”");
    line.append(words);
    return line;
  };

  const start = (select) => {
    if (select.tomselect) return;
    const take = (value) => {
      tom.removeItem(value);
      tom.refreshOptions(false);
    };
    const tom = new TomSelect(select, {
      searchField: ["text", "country"],
      hideSelected: false,
      closeAfterSelect: false,
      openOnFocus: false, // On the way through with Tab, or led here by an error, nothing covers the form.
      maxOptions: null,
      placeholder: "Choose sites",
      hidePlaceholder: true,
      refreshThrottle: 0,
      render: { option, item: (data) => item(data, take), no_results: nothing },
      onInitialize() {
        // It takes over the classes of the <select>, and with one its arrow.
        this.wrapper.classList.remove("form-select");
      },
    });

    // What stands in for it is what screen readers meet.
    select.setAttribute("aria-hidden", "true");
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (select.hasAttribute(name)) tom.control_input.setAttribute(name, select.getAttribute(name));
    }
    tom.control_input.setAttribute("aria-label", select.getAttribute("aria-label") || "Sites");
    tom.dropdown_content.removeAttribute("aria-labelledby");
    tom.dropdown_content.setAttribute("aria-label", "Sites");
    tom.dropdown_content.tabIndex = -1; // Chromium lets Tab stop at what scrolls.
    tom.dropdown_content.setAttribute("aria-multiselectable", "true");

    const press = tom.onClick.bind(tom);
    tom.onClick = () => {
      const wasOpen = tom.isOpen;
      press();
      if (!wasOpen) tom.open();
    };

    // A chosen option is taken back by choosing it again.
    const choose = tom.onOptionSelect.bind(tom);
    tom.onOptionSelect = (event, chosen) => {
      const value = chosen.dataset.value;
      if (!tom.items.includes(value)) return choose(event, chosen);
      take(value);
      event.preventDefault();
    };

    const nameOf = (value) => tom.options[value]?.text || "";
    tom.on("item_add", (value) => {
      const others = tom.items.filter((each) => (value === ALL ? each !== ALL : each === ALL));
      for (const each of others) tom.removeItem(each, true);
      tom.setTextboxValue("");
      window.rollcall.announce(`${nameOf(value)} chosen`);
    });
    tom.on("item_remove", (value) => window.rollcall.announce(`${nameOf(value)} removed`));
    // The dialog's body scrolls: what opens below its edge is brought into sight, once its options are drawn.
    new ResizeObserver(() => tom.isOpen && tom.dropdown.scrollIntoView({ block: "nearest" })).observe(tom.dropdown);
  };

  const startAll = (root) => {
    if (root.matches?.("select[data-sites]")) start(root);
    root.querySelectorAll?.("select[data-sites]").forEach(start);
  };

  document.addEventListener("DOMContentLoaded", () => startAll(document));
  document.addEventListener("htmx:load", (event) => startAll(event.detail.elt));
  document.addEventListener("htmx:beforeCleanupElement", (event) => event.target.tomselect?.destroy());
})();
