// The organisation chart: open or close everything, and open everything for paper.

const parts = [...document.querySelectorAll(".org-below")];
const setAll = (open) => parts.forEach((part) => (part.open = open));

for (const [name, open] of [["data-open-all", true], ["data-close-all", false]]) {
  const button = document.querySelector(`[${name}]`);
  if (!button || !parts.length) continue;
  button.hidden = false;
  button.addEventListener("click", () => setAll(open));
}

let before = [];
addEventListener("beforeprint", () => {
  before = parts.map((part) => part.open);
  setAll(true);
});
addEventListener("afterprint", () => parts.forEach((part, index) => (part.open = before[index])));
