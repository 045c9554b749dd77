// A slip prints by itself the first time; every printing is on record before the paper comes out.

const form = document.getElementById("print-slip");
const paper = document.getElementById("paper");
const KEPT = "slip-paper";

async function print() {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (answer.ok && !answer.redirected) window.print();
  else form.submit(); // the page that comes says why
}

function choose(value) {
  document.documentElement.dataset.paper = value;
  localStorage.setItem(KEPT, value);
}

const chosen = localStorage.getItem(KEPT) ?? "a5";
paper.querySelector(`[value="${chosen}"]`).checked = true;
choose(chosen);
paper.addEventListener("change", ({ target }) => choose(target.value));

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  print();
});
if (form && "printsItself" in form.dataset) print();
