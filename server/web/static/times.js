// <time datetime data-relative> reads "3 min ago"; the absolute local time is its title. data-clock is the wall clock.
import { locale, say } from "./words.js";

const two = (number) => String(number).padStart(2, "0");
export const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
export const absolute = (date) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`;
const short = (date, now) =>
  date.toDateString() === now.toDateString() ? clock(date) : absolute(date).slice(date.getFullYear() === now.getFullYear() ? 5 : 0, -3);

function relative(date, now) {
  const seconds = Math.round((now - date) / 1000);
  if (seconds < 3) return say("now");
  if (seconds < 90) return say("seconds_ago", { n: seconds });
  if (seconds < 5400) return say("minutes_ago", { n: Math.round(seconds / 60) });
  if (seconds < 129600) return say("hours_ago", { n: Math.round(seconds / 3600) });
  return say("days_ago", { n: Math.round(seconds / 86400) });
}

// The server's clock, not the viewer's: a wrong clock on a desk must not make a device look late.
let ahead = 0;
export function learnServerTime(iso) {
  if (iso) ahead = Date.parse(iso) - Date.now();
}
export const now = () => new Date(Date.now() + ahead);

export function refreshTimes(root = document) {
  const moment = now();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = "relative" in element.dataset ? relative(date, moment) : short(date, moment);
    if (element.textContent !== text) element.textContent = text;
    const title = `${absolute(date)} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
    if (element.title !== title) element.title = title;
  }
  for (const element of root.querySelectorAll("[data-clock]")) {
    const day = new Intl.DateTimeFormat(locale, { weekday: "short" }).format(moment);
    element.textContent = `${absolute(moment).slice(5, 10)} ${day} ${clock(moment)}`;
  }
}

// What the stream swaps in carries bare times: they are filled in before the browser paints.
export function watchTimes() {
  new MutationObserver(() => refreshTimes()).observe(document.getElementById("main"), { childList: true, subtree: true });
}
