// Forms: filters that send themselves, words before a deed that matters, and typing that survives a closed page.

const words = document.getElementById("words")?.dataset ?? {};

// Filters -------------------------------------------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.matches("select, [type=checkbox], [type=radio], [type=date]")) form.requestSubmit();
});

// Confirmation: <form data-confirm="Merge 2 persons, 3 accounts move" data-confirm-label="Merge"> ---------------------

const dialog = document.getElementById("confirm-dialog");
const confirmed = new WeakSet();

document.addEventListener("submit", (event) => {
  const text = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (!text || !dialog || confirmed.has(event.target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(text, event.submitter?.dataset.confirmLabel ?? event.target.dataset.confirmLabel, () => {
    confirmed.add(event.target);
    event.target.requestSubmit(event.submitter);
    confirmed.delete(event.target);
  });
}, true);

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question || !dialog) return;
  event.preventDefault();
  ask(event.detail.question, "", () => event.detail.issueRequest(true));
});

function ask(text, label, go) {
  const [no, yes] = dialog.querySelectorAll(".dialog-actions button");
  dialog.querySelector("[data-confirm-text]").textContent = text;
  yes.textContent = label || yes.dataset.defaultLabel;
  no.onclick = () => dialog.close();
  yes.onclick = () => {
    dialog.close();
    go();
  };
  dialog.showModal();
  no.focus();
}

// Files: <input type="file" data-most-bytes="20971520" data-too-large="…"> says so before anything is sent ------------

function isTooLarge(field) {
  const size = [...field.files].reduce((sum, file) => sum + file.size, 0);
  field.setCustomValidity(size > Number(field.dataset.mostBytes) ? field.dataset.tooLarge : "");
  return !field.reportValidity();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file][data-most-bytes]")) isTooLarge(event.target);
});

document.addEventListener("submit", (event) => {
  if ([...event.target.querySelectorAll("input[type=file][data-most-bytes]")].some(isTooLarge)) event.preventDefault();
});

// A form is sent once: the button rests until the answer is here ------------------------------------------------------

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post" || event.target.matches("[method=dialog]")) return;
  const button = event.submitter;
  if (!button || button.name) return;
  setTimeout(() => (button.disabled = true));
  setTimeout(() => (button.disabled = false), 8000);
});

// Drafts: <form data-draft="visit-18233">; fields marked data-private and passwords and files are never kept ----------

for (const form of document.querySelectorAll("form[data-draft]")) keep(form);

function keep(form) {
  const key = `draft:${form.dataset.draft}`;
  const status = form.querySelector("[data-saved]");
  const wanted = (field) => field.name && !field.matches("[type=password], [type=file], [type=hidden], [data-private]");
  const isTick = (field) => field.matches("[type=checkbox], [type=radio]");
  let timer = 0;

  const stored = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (stored && !form.querySelector("[aria-invalid=true]")) {
    for (const field of [...form.elements].filter(wanted)) {
      const kept = stored[field.name];
      if (kept === undefined) continue;
      if (isTick(field)) field.checked = kept.includes(field.value);
      else field.value = kept[0];
    }
    if (status) status.textContent = words.restored;
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const values = {};
      for (const field of [...form.elements].filter(wanted)) {
        values[field.name] ??= [];
        if (!isTick(field) || field.checked) values[field.name].push(field.value);
      }
      sessionStorage.setItem(key, JSON.stringify(values));
      const clock = new Date().toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23" });
      if (status) status.textContent = `${words.saved} ${clock}`;
    }, 500);
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
  form.addEventListener("reset", () => sessionStorage.removeItem(key));
}

// F1 shows the rule of the field one is in; Escape puts it away -------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const rule = document.activeElement?.closest(".field")?.querySelector("details.rule");
  if (!rule || (event.key !== "F1" && !(event.key === "Escape" && rule.open))) return;
  event.preventDefault();
  rule.open = event.key === "F1" && !rule.open;
});
