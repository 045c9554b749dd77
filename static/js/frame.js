// Menus, dialogs, theme and the words for failures: what every page needs and nothing that it could do without.

const words = document.getElementById("words")?.dataset ?? {};

function notice(text) {
  const box = document.createElement("div");
  box.className = "notice notice-danger";
  box.setAttribute("role", "alert");
  box.textContent = text;
  document.getElementById("messages")?.replaceChildren(box);
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open], details.source[open]")) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

// A dialog stands on the page, or is fetched when it is first asked for.
async function open({ opens, fetchedFrom, into }) {
  if (fetchedFrom && !document.getElementById(opens)) {
    await htmx.ajax("GET", fetchedFrom, { target: document.getElementById(into), swap: "innerHTML" });
  }
  document.getElementById(opens)?.showModal();
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details"));
  const opener = event.target.closest("[data-opens]");
  if (opener) open(opener.dataset);
  if (event.target.matches("dialog[open]") && event.target.id !== "confirm-dialog") event.target.close();
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open], details.source[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// The theme changes at once; the form tells the server, which draws the next page in it.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const chosen = event.submitter.value;
  document.documentElement.dataset.theme = chosen;
  for (const button of form.querySelectorAll("[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === chosen));
  }
  const sent = new FormData(form);
  sent.set("theme", chosen);
  fetch(form.action, { method: "POST", body: sent, redirect: "manual" });
  document.dispatchEvent(new CustomEvent("theme:changed"));
});

// The field that a page begins with takes keys as soon as the page listens, also before its first picture is drawn.
const isFree = document.activeElement === document.body;
const begins = document.querySelector("[data-takes-focus]") ?? (isFree ? document.querySelector("[autofocus]:not(dialog *)") : null);
begins?.focus();

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => notice(words.failed));
}
