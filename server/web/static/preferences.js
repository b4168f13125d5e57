// Light or dark: kept in a cookie so that the server can say it in <html> before the first paint.
const root = document.documentElement;

function themeNow() {
  return root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

export function toggleTheme() {
  const theme = themeNow() === "dark" ? "light" : "dark";
  root.dataset.theme = theme;
  document.cookie = `zhishou_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("zhishou:theme"));
}

export function listenForPreferences() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) button.addEventListener("click", toggleTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new CustomEvent("zhishou:theme")),
  );
}
