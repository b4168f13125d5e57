// j/k walk the rows, enter opens, / searches, g and a letter goes to a place, ? lists the keys.
import { toggleTheme } from "./preferences.js";

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
let waitingForPlace = false;

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = all[Math.min(all.length - 1, Math.max(0, at + by))] ?? all[0];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (dialog && !dialog.open) dialog.showModal();
}

const acts = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": showKeys,
  t: toggleTheme,
  u: () => document.querySelector("[data-up]")?.click(),
};
const places = { h: "/", r: "/runs", d: "/devices", v: "/verifications", c: "/collection" };

function typing(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (waitingForPlace) {
      waitingForPlace = false;
      if (places[event.key]) {
        event.preventDefault();
        location.assign(places[event.key]);
      }
      return;
    }
    if (event.key === "g") {
      waitingForPlace = true;
      setTimeout(() => (waitingForPlace = false), 1500);
      return;
    }
    const range = document.querySelectorAll("[data-range]")[Number(event.key) - 1];
    const act = acts[event.key] ?? (range ? () => range.click() : null);
    if (act) {
      event.preventDefault();
      act();
    }
  });
  for (const button of document.querySelectorAll("[data-keys]")) button.addEventListener("click", showKeys);
}
