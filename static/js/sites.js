/* The sites field: chips, search by name or country, options with checkboxes. "All sites" excludes all others. */

import { announce, make, onEach, textOf } from "./messages.js";
import "../django_tomselect/js/django-tomselect.min.js";

const ALL = "all";

const option = (data) => {
  const line = make("div");
  const box = make("span", "rc-box");
  box.setAttribute("aria-hidden", "true");
  line.append(box, make("bdi", "", data.text));
  if (data.country) line.append(make("bdi", "rc-option-note", data.country));
  return line;
};

const start = (select) => {
  if (select.tomselect) return;
  const hadFocus = select === document.activeElement;

  const remove = (value) => {
    tom.removeItem(value);
    tom.refreshOptions(false);
  };

  const chip = (data) => {
    const element = make("div");
    const button = make("button", "remove");
    button.type = "button";
    button.tabIndex = -1; // With the keyboard, Backspace removes the last chip.
    button.setAttribute("aria-label", textOf(select, "Remove", { site: data.text }));
    // The focus stays where it is, and the chip does not become tom-select's active one.
    button.addEventListener("mousedown", (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      remove(data.value);
    });
    element.append(make("bdi", "", data.text), button);
    return element;
  };

  const noResults = ({ input }) => {
    const line = make("div", "no-results");
    const [before, after] = select.dataset.textNoMatch.split("{search}");
    const sentence = make("span", "", before);
    sentence.append(make("bdi", "", input), after);
    line.append(sentence);
    return line;
  };

  const tom = new TomSelect(select, {
    searchField: ["text", "country"],
    hideSelected: false,
    closeAfterSelect: false,
    openOnFocus: false, // Nothing covers the form when Tab or an error leads here.
    maxOptions: null,
    placeholder: select.dataset.textPlaceholder,
    hidePlaceholder: true,
    refreshThrottle: 0,
    render: { option, item: chip, no_results: noResults },
    onInitialize() {
      // It copies the classes of the <select>, and with one its arrow.
      this.wrapper.classList.remove("form-select");
    },
  });

  // Screen readers use its input and its list instead of the <select>.
  const label = select.getAttribute("aria-label");
  select.setAttribute("aria-hidden", "true");
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) tom.control_input.setAttribute(name, select.getAttribute(name));
  }
  tom.control_input.setAttribute("aria-label", label);
  tom.dropdown_content.removeAttribute("aria-labelledby");
  tom.dropdown_content.setAttribute("aria-label", label);
  tom.dropdown_content.setAttribute("aria-multiselectable", "true");
  tom.dropdown_content.tabIndex = -1; // In Chromium, Tab stops at what scrolls.
  if (hadFocus) tom.control_input.focus();

  const handleClick = tom.onClick.bind(tom);
  tom.onClick = () => {
    const wasOpen = tom.isOpen;
    handleClick();
    if (!wasOpen) tom.open();
  };

  // Choosing a chosen option removes it.
  const handleOption = tom.onOptionSelect.bind(tom);
  tom.onOptionSelect = (event, chosen) => {
    const value = chosen.dataset.value;
    if (!tom.items.includes(value)) return handleOption(event, chosen);
    remove(value);
    event.preventDefault();
  };

  const say = (text, value) => announce(textOf(select, text, { site: tom.options[value]?.text || "" }));
  tom.on("item_add", (value) => {
    const excluded = tom.items.filter((each) => (value === ALL ? each !== ALL : each === ALL));
    for (const each of excluded) tom.removeItem(each, true);
    tom.setTextboxValue("");
    say("Added", value);
  });
  tom.on("item_remove", (value) => say("Removed", value));
  // Scroll the body of the dialog when the list opens below its edge, once the options are drawn.
  new ResizeObserver(() => tom.isOpen && tom.dropdown.scrollIntoView({ block: "nearest" })).observe(tom.dropdown);
};

onEach("select[data-sites]", start);
document.addEventListener("htmx:beforeCleanupElement", (event) => event.target.tomselect?.destroy());
