// Keys for people who keep their hands on the keyboard. Every key has a button or a link beside it.

const palette = document.getElementById("palette");
const entries = JSON.parse(document.getElementById("palette-entries")?.textContent ?? "[]");
const words = document.getElementById("words")?.dataset ?? {};
let pending = "";
let row = -1;

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable=true]") !== null;
const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")].filter((one) => one.offsetParent);
const press = (selector) => document.querySelector(selector)?.click();

const inRow = (key) => rows()[row]?.querySelector(`[data-row-key=${key}]`)?.click();

const plain = {
  "/": () => document.getElementById("search")?.focus(),
  "?": () => document.getElementById("keys-dialog")?.showModal(),
  n: () => press("[data-key=n]"),
  e: () => press("[data-key=e]"),
  j: () => moveTo(row + 1),
  k: () => moveTo(row - 1),
  x: () => rows()[row]?.querySelector("input[type=checkbox]")?.click(),
  Enter: () => rows()[row]?.querySelector("a[href]")?.click(),
  d: () => inRow("d"),
  s: () => inRow("s"),
  u: () => inRow("u"),
  t: () => {
    if (document.querySelector("[data-key=t]")) return openMenu("[data-key=t]");
    document.querySelectorAll("[data-chart-toggle]").forEach((button) => button.click());
  },
};

function openMenu(selector) {
  const summary = document.querySelector(selector);
  summary.click();
  summary.parentElement.querySelector("select, input")?.focus();
}

const afterG = { d: () => (location.href = document.querySelector(".brand")?.getAttribute("href") ?? "/") };

function moveTo(index) {
  const all = rows();
  if (!all.length) return;
  all[row]?.classList.remove("is-current");
  row = Math.max(0, Math.min(all.length - 1, index));
  all[row].classList.add("is-current");
  all[row].scrollIntoView({ block: "nearest" });
  all[row].querySelector("a[href]")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if (event.key === "Escape" && event.target.id === "search") event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const isOnControl = event.target.closest("a, button, summary");
  if (event.key === "Enter" && (isOnControl || row < 0)) return;
  const action = pending === "g" ? afterG[event.key] : plain[event.key];
  pending = event.key === "g" ? "g" : "";
  if (!action) return;
  event.preventDefault();
  action();
});

function openPalette() {
  if (palette.open) return;
  palette.showModal();
  const input = palette.querySelector("input");
  input.value = "";
  show("");
  input.focus();
}

function matches(entry, typed) {
  const syllables = entry.keys.split(" ");
  const whole = [entry.names, syllables.join(""), syllables.map((one) => one[0]).join("")];
  return typed.split(/\s+/).every((part) => whole.some((text) => text.includes(part)));
}

function show(text) {
  const typed = text.trim().toLowerCase();
  const found = entries.filter((entry) => !typed || matches(entry, typed));
  const list = palette.querySelector("[role=listbox]");
  list.replaceChildren(...found.map(option));
  if (!found.length) {
    const none = document.createElement("li");
    none.className = "palette-item muted";
    none.textContent = words.nothing;
    list.append(none);
  }
  choose(0);
}

function option(entry, index) {
  const item = document.createElement("li");
  item.className = "palette-item";
  item.id = `palette-${index}`;
  item.setAttribute("role", "option");
  item.dataset.url = entry.url;
  const label = document.createElement("span");
  label.textContent = entry.label;
  const kind = document.createElement("span");
  kind.className = "muted small";
  kind.textContent = entry.kind;
  item.append(label, kind);
  return item;
}

function choose(index) {
  const options = [...palette.querySelectorAll("[role=option]")];
  const chosen = options[(index + options.length) % (options.length || 1)];
  options.forEach((one) => one.setAttribute("aria-selected", String(one === chosen)));
  palette.querySelector("input").setAttribute("aria-activedescendant", chosen?.id ?? "");
  chosen?.scrollIntoView({ block: "nearest" });
}

if (palette) {
  const position = () => [...palette.querySelectorAll("[role=option]")].findIndex((one) => one.ariaSelected === "true");
  palette.addEventListener("input", (event) => show(event.target.value));
  palette.addEventListener("click", (event) => {
    const item = event.target.closest("[data-url]");
    if (item) location.href = item.dataset.url;
  });
  palette.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(position() + (event.key === "ArrowDown" ? 1 : -1));
    }
    if (event.key === "Enter") {
      event.preventDefault();
      palette.querySelector("[aria-selected=true]")?.click();
    }
  });
}
