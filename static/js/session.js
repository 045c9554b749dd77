// The session's end is told before it comes, and loses nothing that was typed: who signs in again in another tab goes on here.

const dialog = document.getElementById("session-dialog");
const WARN_SECONDS = 120;
const AT_WORK_MS = 300_000;
const owner = Number(dialog?.dataset.staff);
let lastWork = Date.now();
let timer = 0;

if (dialog) {
  for (const name of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(name, () => (lastWork = Date.now()), { passive: true, capture: true });
  }
  document.addEventListener("htmx:afterRequest", () => schedule(Number(dialog.dataset.seconds)));
  document.addEventListener("session-ended", ended);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.querySelector("[data-session-stay]").addEventListener("click", stay);
  dialog.querySelector("[data-session-again]").addEventListener("click", () => setTimeout(look, 1000));
  schedule(Number(dialog.dataset.seconds));
}

function schedule(seconds) {
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(5, seconds - WARN_SECONDS) * 1000);
}

async function ask(path, options) {
  try {
    const answer = await fetch(path, { ...options, headers: { Accept: "application/json", ...options?.headers } });
    return answer.ok && !answer.redirected ? await answer.json() : { seconds: 0, staff: null };
  } catch {
    return null; // no network: the next look finds out
  }
}

async function look() {
  const found = await ask(dialog.dataset.state);
  if (!found) return schedule(WARN_SECONDS + 10);
  if (found.staff !== null && found.staff !== owner) return location.reload();
  if (found.staff === null) return ended();
  renew(found.csrf);
  if (found.seconds > WARN_SECONDS + 5) return goOn(found.seconds);
  if (Date.now() - lastWork < AT_WORK_MS && !dialog.open) return stay();
  show("warning");
  clearTimeout(timer);
  timer = setTimeout(look, Math.min(found.seconds + 1, 30) * 1000);
}

async function stay() {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  const found = await ask(dialog.dataset.stay, { method: "POST", headers: { "X-CSRFToken": token } });
  if (found?.seconds) goOn(found.seconds);
  else look();
}

function goOn(seconds) {
  document.body.classList.remove("session-over");
  if (dialog.open) dialog.close();
  schedule(seconds);
}

function ended() {
  clearTimeout(timer);
  document.body.classList.add("session-over");
  show("over");
}

function show(part) {
  for (const one of dialog.querySelectorAll("[data-session-part]")) one.hidden = one.dataset.sessionPart !== part;
  if (!dialog.open) dialog.showModal();
}

// A new sign-in brings a new token; the forms of this page take it over.
function renew(token) {
  if (!token) return;
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
  if (document.body.hasAttribute("hx-headers")) {
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  }
}
