/* Settings > General: as long as the time zone is UTC, suggests the one of the browser. */

import { announce, make, textOf } from "./messages.js";

const select = document.querySelector("[data-time-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const offered = select && own && [...select.options].find((option) => option.value === own);

if (offered && select.value === "UTC" && own !== "UTC") {
  const suggestion = make("p", "rc-hint", `${textOf(select, "Suggestion", { zone: offered.label })} `);
  const use = Object.assign(make("button", "rc-link", textOf(select, "Use")), { type: "button" });
  use.addEventListener("click", () => {
    select.value = own;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    select.focus();
    announce(textOf(select, "Used", { zone: offered.label }));
  });
  suggestion.append(use);
  select.closest(".rc-field").append(suggestion);
  select.addEventListener("change", () => suggestion.remove());
}
