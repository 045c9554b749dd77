// Choosing rows of the list of customers: the whole page with one tick, and how many are chosen.

const form = document.querySelector("[data-together]");
const page = document.querySelector("[data-together-page]");
const boxes = [...document.querySelectorAll("input[name=customer][form=together]")];

function count() {
  const chosen = boxes.filter((one) => one.checked).length;
  form.querySelector("[data-together-count]").textContent = chosen;
  page.checked = chosen > 0 && chosen === boxes.length;
  page.indeterminate = chosen > 0 && chosen < boxes.length;
}

if (form && page) {
  page.addEventListener("change", () => {
    boxes.forEach((one) => (one.checked = page.checked));
    count();
  });
  boxes.forEach((one) => one.addEventListener("change", count));
  count();
}
