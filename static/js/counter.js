// The counter: what the number says, who is known already, villages by pinyin, spouse and household, all without the
// hands leaving the keys. What is typed is kept at the branch, sealed, until it is registered.

const form = document.getElementById("counter");
const field = (name) => form.elements[name];
const answer = document.getElementById("number-answer");
const known = document.getElementById("known");
const anyway = document.getElementById("anyway");
const keepNumber = document.getElementById("keep-number");
const certificate = document.getElementById("certificate");
const register = document.getElementById("register");
const preview = document.getElementById("preview");
const filled = new Set();
const isVisible = (element) => element.offsetParent !== null;

const address = new URL(location.href);
address.searchParams.set("form", field("form_key").value);
history.replaceState(null, "", address);

// A page that is loaded again goes on with the same form; one that the browser has kept whole is asked for anew.
addEventListener("pageshow", (event) => event.persisted && location.reload());

// The number fills in what it tells, unless somebody has typed it -------------------------------------------------------

// An answer about the half of a number came too late for whoever typed on, and must not move where Tab leads.
answer.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.parameters.number !== field("number").value) detail.shouldSwap = false;
});
field("number").addEventListener("input", hideKeepNumber);

document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target === answer) readNumber();
  if (target === known && known.querySelector("[data-likely]")) askWhy();
  if (target === list) showVillages();
});

function askWhy() {
  anyway.hidden = false;
  const about = known.querySelector("[data-about]").dataset.about;
  const shown = new Set(field("answered").value.split(",").filter(Boolean));
  if (about) field("answered").value = [...shown.add(about)].join(",");
}

function hideKeepNumber() {
  keepNumber.hidden = !keepNumber.querySelector("input").checked;
}

function readNumber() {
  const said = answer.querySelector("[data-number]");
  if (said?.dataset.number === "invalid") keepNumber.hidden = false;
  else hideKeepNumber();
  for (const [name, value] of [["birth_date", said?.dataset.birthDate ?? ""], ["sex", said?.dataset.sex ?? ""]]) {
    if (field(name).value && !filled.has(name)) continue;
    field(name).value = value;
    filled.add(name);
  }
}

form.addEventListener("input", ({ target }) => filled.delete(target.name));

// Keys ------------------------------------------------------------------------------------------------------------------

const boxes = [...document.querySelectorAll("#agrees input")];
const keys = {
  F2: () => known.querySelector("[data-key-f2]")?.click(),
  F3: () => known.querySelector("[data-take]")?.click(),
  F4: () => toggle(certificate),
  F5: () => toggle(register),
  F6: agree,
  F7: () => document.getElementById("consent-texts").showModal(),
  F9: () => document.querySelector("[data-unfinished]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
  if (event.key === "Escape" && list.hidden && event.target.id !== "search") {
    event.preventDefault();
    document.getElementById("stop").showModal();
  }
  const goesOn = event.key === "Enter" && !event.ctrlKey && form.contains(event.target);
  if (goesOn && event.target.matches("input, select")) {
    event.preventDefault(); // a card reader ends the number with Enter: on to the next field, never sent half filled
    nextAfter(event.target)?.focus();
  }
});

function nextAfter(element) {
  const all = [...form.querySelectorAll("input, select, button.button-primary")].filter(isVisible);
  return all[all.indexOf(element) + 1];
}

function agree() {
  const ticked = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !ticked;
  typed(boxes[0]);
}

const typed = (element) => element.dispatchEvent(new Event("input", { bubbles: true }));

// Papers: marriage certificate and household register -------------------------------------------------------------------

for (const button of form.querySelectorAll("[data-paper]")) {
  button.addEventListener("click", () => toggle(document.getElementById(button.getAttribute("aria-controls"))));
}

function toggle(paper) {
  const opens = paper.hidden || !paper.contains(document.activeElement);
  const controls = [...paper.querySelectorAll("input:not([type=hidden]), select")];
  if (opens) paper.hidden = false;
  else paper.hidden = controls.every((control) => !control.value);
  if (paper === register) paper.disabled = paper.hidden; // lines that nobody sees are not sent
  form.querySelector(`[aria-controls=${paper.id}]`).setAttribute("aria-expanded", String(!paper.hidden));
  (paper.hidden ? field("village") : controls[0]).focus();
  paper.scrollIntoView({ block: "nearest" });
}

function showLines() {
  const lines = [...register.querySelectorAll("[data-about]")];
  const isFilled = (line) => [...line.querySelectorAll("input")].some((input) => input.value);
  const last = lines.findLastIndex(isFilled);
  lines.forEach((line, position) => (line.hidden = position > last + 1));
  const heads = lines.some((line) => line.querySelector("select").value === "head");
  const relation = document.getElementById("own-relation");
  relation.hidden = !heads && field("home").value !== "join" && !relation.querySelector(".field-error");
}

form.addEventListener("input", ({ target }) => {
  const line = target.closest("[data-about]");
  if (!line && (certificate.hidden || !certificate.querySelector("input").value) && register.hidden) return;
  if (line && target.type !== "hidden") field(`${line.dataset.about}_known`).value = "";
  showLines();
  preview.dispatchEvent(new Event("papers-typed"));
});

// Whoever stands among the known persons is taken over into the line that is being typed.
known.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-take]");
  if (!button) return;
  const about = button.dataset.for;
  field(`${about}_name`).value = button.dataset.name;
  typed(field(`${about}_name`));
  field(`${about}_known`).value = button.dataset.take;
  field(`${about}_name`).focus();
  preview.dispatchEvent(new Event("papers-typed"));
});

// Errors stand beside the field the moment it is left -------------------------------------------------------------------

form.addEventListener("focusin", ({ target }) => target.name && (field("about").value = target.name));
form.addEventListener("change", ({ target }) => {
  if (target.matches("[data-checked], [name=village], [name=household], [name=birth_date]")) check(target);
});

async function send(path, { about, keepalive = false } = {}) {
  const body = new FormData(form);
  body.delete("photo");
  if (about) body.set("about", about);
  const answered = await fetch(path, { method: "POST", body, keepalive, headers: { Accept: "application/json" } });
  if (!answered.ok || answered.redirected) throw new Error(String(answered.status));
  return answered.json();
}

async function check(control) {
  const value = control.value;
  const found = await send(form.dataset.check, { about: control.name }).catch(() => null);
  if (found && control.value === value) sayWrong(control, found.words);
}

function sayWrong(control, words) {
  const place = control.closest(".field");
  place.querySelector(".field-error")?.remove();
  place.classList.toggle("field-invalid", words.length > 0);
  control.setAttribute("aria-invalid", String(words.length > 0));
  if (!words.length) return;
  const error = document.createElement("div");
  error.className = "field-error";
  error.id = `${control.id}_error`;
  error.setAttribute("role", "status");
  error.append(...words.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
  control.before(error);
}

// Drafts: kept at the branch a moment after the last key, and when the page is left -------------------------------------

const status = form.querySelector("[data-saved]");
let timer = 0;
let isDirty = false;
let isSent = false;

form.addEventListener("input", () => {
  isDirty = true;
  clearTimeout(timer);
  timer = setTimeout(keep, 900);
});
document.addEventListener("visibilitychange", () => document.hidden && keep(true));
addEventListener("pagehide", () => keep(true));
form.addEventListener("submit", () => {
  isSent = true;
  clearTimeout(timer);
});
document.querySelector("[data-stop]").addEventListener("click", () => keep(true));

async function keep(keepalive = false) {
  if (!isDirty || isSent) return;
  isDirty = false;
  clearTimeout(timer);
  try {
    const { saved } = await send(form.dataset.keep, { keepalive });
    if (saved) status.textContent = `${status.dataset.kept} ${saved}`;
  } catch {
    isDirty = true;
    status.textContent = status.dataset.notKept;
  }
}

// The household: only the fields that the choice needs ------------------------------------------------------------------

field("home").addEventListener("change", showHome);
field("kind").addEventListener("change", ({ target }) => {
  document.getElementById("representative").hidden = target.value !== "uscc";
});
function showHome() {
  for (const part of form.querySelectorAll("[data-home]")) part.hidden = part.dataset.home !== field("home").value;
  showLines();
}

// Villages by name, pinyin or initials; those last used at this counter stand first -------------------------------------

const LAST_USED = "counter-villages";
const MOST_REMEMBERED = 6;
const list = document.getElementById("village-list");
const village = field("village");
let isAsking = false; // villages are looked up for what was typed
let leftAsking = false; // and the field was left before the answer
const options = () => [...list.querySelectorAll("[data-id]")];
const lastUsed = () => JSON.parse(localStorage.getItem(LAST_USED) ?? "[]");
let chosen = -1;

village.addEventListener("input", () => {
  field("village_id").value = "";
  isAsking = Boolean(village.value.trim());
  if (isAsking) list.dispatchEvent(new Event("village-typed"));
  else offerLastUsed();
});
village.addEventListener("focus", () => village.value.trim() || offerLastUsed());

function offerLastUsed() {
  list.replaceChildren(...lastUsed().map(lastUsedOption));
  showVillages(-1);
}

function lastUsedOption({ id, name, parent }) {
  const option = document.createElement("li");
  Object.assign(option, { className: "choice", id: `village-${id}` });
  Object.assign(option.dataset, { id, name, parent });
  option.setAttribute("role", "option");
  const where = document.createElement("span");
  where.className = "muted";
  where.textContent = `${parent} · ${list.dataset.lastUsed}`;
  option.append(name, " ", where);
  return option;
}

function showVillages(first = 0) {
  const used = lastUsed().map((one) => one.id);
  const place = (option) => (used.includes(option.dataset.id) ? used.indexOf(option.dataset.id) : used.length);
  list.prepend(...options().sort((one, other) => place(one) - place(other)));
  const isHere = document.activeElement === village;
  isAsking = false;
  if (!isHere && leftAsking && options().length) return pick(options()[0]); // Tab came before the answer
  list.hidden = !isHere || !list.children.length;
  village.setAttribute("aria-expanded", String(!list.hidden));
  choose(options().length && first >= 0 ? first : -1);
}

function hideVillages() {
  list.hidden = true;
  chosen = -1;
  village.setAttribute("aria-expanded", "false");
  village.removeAttribute("aria-activedescendant");
}

function choose(index) {
  const all = options();
  chosen = all.length && index >= 0 ? index % all.length : -1;
  all.forEach((one, position) => one.setAttribute("aria-selected", String(position === chosen)));
  if (chosen < 0) return village.removeAttribute("aria-activedescendant");
  village.setAttribute("aria-activedescendant", all[chosen].id);
  all[chosen].scrollIntoView({ block: "nearest" });
}

function pick(option) {
  const { id, name, parent } = option.dataset;
  village.value = name;
  field("village_id").value = id;
  const others = lastUsed().filter((one) => one.id !== id);
  localStorage.setItem(LAST_USED, JSON.stringify([{ id, name, parent }, ...others].slice(0, MOST_REMEMBERED)));
  hideVillages();
  sayWrong(village, []);
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

village.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  const count = options().length;
  if (event.key === "ArrowDown") choose(chosen + 1);
  if (event.key === "ArrowUp") choose((chosen < 0 ? count : chosen + count) - 1);
  if (event.key.startsWith("Arrow") && event.key !== "ArrowLeft" && event.key !== "ArrowRight") event.preventDefault();
  if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
    if (event.key === "Enter") event.preventDefault();
    pick(options()[chosen]);
  }
  if (event.key === "Escape") {
    event.stopPropagation();
    hideVillages();
  }
});
list.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("[data-id]");
  event.preventDefault();
  if (option) pick(option);
});
village.addEventListener("blur", () => {
  leftAsking = isAsking && !field("village_id").value;
  hideVillages();
});
showHome();

// What was typed before the page listened is looked at as well.
addEventListener("DOMContentLoaded", () => {
  if (field("number").value !== field("number").defaultValue) typed(field("number"));
});
