// The search box: arrows walk through the people found, Escape puts them away.

const box = document.getElementById("search");
const results = document.getElementById("search-results");

if (box && results) {
  const links = () => [...results.querySelectorAll("a, button")];
  const away = () => results.replaceChildren();

  box.closest("form").addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      away();
      box.focus();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = links();
    if (!all.length) return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (all[at] ?? (at < 0 ? box : all.at(-1))).focus();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("form.search")) away();
  });
}
