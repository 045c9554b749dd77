// Choosing rows of the list of customers: the whole page with one tick, how many are chosen, and what a deed still needs.

const form = document.querySelector("[data-together]");
const page = document.querySelector("[data-together-page]");
const boxes = [...document.querySelectorAll("input[name=customer][form=together]")];

function count() {
  const chosen = boxes.filter((one) => one.checked).length;
  const everybody = form.elements.everybody.checked;
  const told = form.querySelector("[data-together-count]");
  told.textContent = everybody ? told.dataset.all : chosen;
  form.querySelectorAll("[data-opens]").forEach((one) => (one.disabled = !everybody && chosen === 0));
  page.checked = chosen > 0 && chosen === boxes.length;
  page.indeterminate = chosen > 0 && chosen < boxes.length;
}

if (form && page) {
  page.addEventListener("change", () => {
    boxes.forEach((one) => (one.checked = page.checked));
    count();
  });
  [...boxes, form.elements.everybody].forEach((one) => one.addEventListener("change", count));
  window.addEventListener("pageshow", count);
  count();
}

// The fields of all dialogs belong to one form: only those beside the pressed button must be filled in.
document.addEventListener("click", (event) => {
  const dialog = event.target.closest("button[form=together]")?.closest("dialog");
  if (!dialog) return;
  document.querySelectorAll("[form=together][data-needed]").forEach((one) => (one.required = dialog.contains(one)));
});
