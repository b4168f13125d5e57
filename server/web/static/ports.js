// The table of interfaces: all, those in use, those with trouble, or those that a word is found in.
const table = document.querySelector("[data-ports]");
const search = document.querySelector("[data-ports-search]");
const none = document.querySelector("[data-ports-none]");

function show(what) {
  table.dataset.show = what;
  for (const button of document.querySelectorAll("[data-ports-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.portsShow === what));
  }
  look();
}

// Rows come anew with every reading: what was searched for is looked for again in them.
function look() {
  const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let seen = 0;
  for (const row of table.querySelectorAll("tbody tr")) {
    const text = row.dataset.text.toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
    if (row.offsetParent !== null) seen += 1;
  }
  none.hidden = seen > 0;
}

if (table) {
  for (const button of document.querySelectorAll("[data-ports-show]")) {
    button.addEventListener("click", () => show(button.dataset.portsShow));
  }
  search.addEventListener("input", look);
  document.addEventListener("zhishou:update", look);
  // A square of the panel leads to its row, also where the row is filtered away.
  document.addEventListener("click", (event) => {
    const square = event.target.closest("a.square");
    if (!square) return;
    search.value = "";
    const row = document.querySelector(square.getAttribute("href"));
    if (row) row.hidden = false;
    if (row && row.offsetParent === null) show("all");
    else look();
  });
  look();
}
