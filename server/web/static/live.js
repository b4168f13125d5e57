// Says whether the page is still fed. A page that stopped must not look like one where nothing happens.
import { clock, learnServerTime } from "./times.js";
import { say } from "./words.js";

// The server speaks at least every 15 s (server/web/stream.py); three times that in silence is a lost line.
const SILENCE_MS = 45_000;
let heard = Date.now();

function show(state) {
  for (const sign of document.querySelectorAll("[data-live]")) {
    if (sign.dataset.state === state) continue;
    sign.dataset.state = state;
    sign.textContent = state === "live" ? say("live") : say("lost", { at: clock(new Date(heard)) });
  }
}

function hear() {
  heard = Date.now();
  show("live");
}

export function listenToStream() {
  const stream = document.querySelector("[data-stream]");
  if (!stream) return;
  document.addEventListener("htmx:sse:after:connection", hear);
  document.addEventListener("htmx:sse:after:message", (event) => {
    hear();
    document.dispatchEvent(new CustomEvent("zhishou:update", { detail: event.detail }));
  });
  stream.addEventListener("beat", (event) => {
    learnServerTime(event.detail?.data);
    hear();
  });
  document.addEventListener("htmx:sse:error", (event) => {
    // The session is over: the way to the sign-in page and back is a reload.
    if (event.detail?.status === 401) location.reload();
    else show("lost");
  });
  setInterval(() => {
    if (!document.hidden && Date.now() - heard > SILENCE_MS) show("lost");
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) heard = Date.now();
  });
}
