import { listen } from "./keys.js";
import { listenToStream } from "./live.js";
import { listenForPreferences } from "./preferences.js";
import { learnServerTime, refreshTimes, watchTimes } from "./times.js";

learnServerTime(document.documentElement.dataset.now);
refreshTimes();
setInterval(refreshTimes, 1000);
watchTimes();
listen();
listenForPreferences();
listenToStream();
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
