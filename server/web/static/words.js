// The few words the scripts need, in the page's language (server/web/templates/frame.html puts them there).
const block = document.getElementById("words");
export const words = block ? JSON.parse(block.textContent) : {};
export const say = (key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key] ?? key);
export const locale = document.documentElement.lang || "zh-CN";
