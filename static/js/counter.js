// The counter: what the number says, who is known already, villages by pinyin, all without the hands leaving the keys.

const form = document.getElementById("counter");
const field = (name) => form.elements[name];
const answer = document.getElementById("number-answer");
const known = document.getElementById("known");
const anyway = document.getElementById("anyway");
const keepNumber = document.getElementById("keep-number");
const filled = new Set();

// The number fills in what it tells, unless somebody has typed it -------------------------------------------------------

document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target === answer) readNumber();
  if (target === known) anyway.hidden = !known.querySelector("[data-likely]") && !anyway.querySelector(".field-error");
  if (target === list) showVillages();
});

function readNumber() {
  const said = answer.querySelector("[data-number]");
  keepNumber.hidden = said?.dataset.number !== "invalid" && !keepNumber.querySelector("input").checked;
  for (const [name, value] of [["birth_date", said?.dataset.birthDate ?? ""], ["sex", said?.dataset.sex ?? ""]]) {
    if (field(name).value && !filled.has(name)) continue;
    field(name).value = value;
    filled.add(name);
  }
}

form.addEventListener("input", ({ target }) => filled.delete(target.name));

// F2 opens who is known already -----------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key !== "F2") return;
  const link = known.querySelector("[data-key-f2]");
  if (!link) return;
  event.preventDefault();
  link.click();
});

// F6 ticks every consent that the customer has been asked for, or takes them off again -----------------------------------

const boxes = [...document.querySelectorAll("#agrees input")];
document.addEventListener("keydown", (event) => {
  if (event.key !== "F6") return;
  event.preventDefault();
  const ticked = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !ticked;
  form.dispatchEvent(new Event("input", { bubbles: true }));
});

// The household: only the fields that the choice needs ------------------------------------------------------------------

field("home").addEventListener("change", showHome);
function showHome() {
  for (const part of form.querySelectorAll("[data-home]")) part.hidden = part.dataset.home !== field("home").value;
}
showHome();

// Villages by name, pinyin or initials ----------------------------------------------------------------------------------

const list = document.getElementById("village-list");
const village = field("village");
const options = () => [...list.querySelectorAll("[data-id]")];
let chosen = -1;

village.addEventListener("input", () => {
  field("village_id").value = "";
  if (village.value.trim()) list.dispatchEvent(new Event("village-typed"));
  else hideVillages();
});

function showVillages() {
  const isHere = document.activeElement === village;
  list.hidden = !isHere || !list.children.length;
  village.setAttribute("aria-expanded", String(!list.hidden));
  choose(options().length ? 0 : -1);
}

function hideVillages() {
  list.hidden = true;
  chosen = -1;
  village.setAttribute("aria-expanded", "false");
  village.removeAttribute("aria-activedescendant");
}

function choose(index) {
  const all = options();
  chosen = all.length ? (index + all.length) % all.length : -1;
  all.forEach((one, position) => one.setAttribute("aria-selected", String(position === chosen)));
  if (chosen < 0) return;
  village.setAttribute("aria-activedescendant", all[chosen].id);
  all[chosen].scrollIntoView({ block: "nearest" });
}

function pick(option) {
  village.value = option.dataset.name;
  field("village_id").value = option.dataset.id;
  hideVillages();
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

village.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
  }
  if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
    if (event.key === "Enter") event.preventDefault();
    pick(options()[chosen]);
  }
  if (event.key === "Escape") hideVillages();
});
list.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("[data-id]");
  event.preventDefault();
  if (option) pick(option);
});
village.addEventListener("blur", hideVillages);
