/* When something is sent: what the chosen time is in the time zone of the browser, if it differs.

   data-send-time=ZONE   around the fields of the date and the time, with data-text-own for the sentence */

import { on, onEach, textOf } from "./messages.js";

const OWN = Intl.DateTimeFormat().resolvedOptions().timeZone;

/* What clocks of the zone show at this moment, as if it were UTC. */
const shownAt = (moment, zone) => {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute);
};

/* The first moment when clocks of the zone show this time; undefined if they never do. */
const momentOf = (wanted, zone) =>
  [-1, 1]
    .map((days) => wanted + days * 86_400_000)
    .map((near) => wanted - (shownAt(near, zone) - near))
    .sort((one, other) => one - other)
    .find((moment) => shownAt(moment, zone) === wanted);

const tell = (place) => {
  const zone = place.dataset.sendTime;
  const [date, time] = place.querySelectorAll("input");
  const wanted = Date.parse(`${date.value}T${time.value}Z`);
  const moment = Number.isNaN(wanted) ? undefined : momentOf(wanted, zone);
  const isSame = moment !== undefined && shownAt(moment, OWN) === wanted;
  const text = new Date(moment).toLocaleString(document.documentElement.lang, {
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
  });
  const city = OWN.split("/").at(-1).replaceAll("_", " ");
  place.querySelector("[data-own-time]").textContent =
    moment === undefined || isSame ? "" : textOf(place, "Own", { time: text, zone: city });
};

for (const event of ["input", "change"]) on(event, "[data-send-time]", tell);
onEach("[data-send-time]", tell);
