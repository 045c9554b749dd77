// The search box: results while typing, the first one chosen; arrows walk, Enter opens, Escape puts them away and leaves.

const box = document.getElementById("search");
const results = document.getElementById("search-results");

if (box && results) {
  let answered = box.value; // the text that the results on show belong to
  let opensFirst = false; // Enter came before the answer

  const options = () => [...results.querySelectorAll("[role=option]")];
  const isOpen = () => results.childElementCount > 0;
  const away = () => {
    results.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  function choose(index) {
    const all = options();
    const chosen = all[(index + all.length) % (all.length || 1)];
    all.forEach((one) => one.setAttribute("aria-selected", String(one === chosen)));
    box.setAttribute("aria-expanded", String(all.length > 0));
    if (!chosen) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  const chosen = () => options().findIndex((one) => one.ariaSelected === "true");

  box.addEventListener("focus", () => {
    if (!box.value && !isOpen()) box.dispatchEvent(new CustomEvent("opened-of-late"));
  });

  box.addEventListener("input", () => {
    opensFirst = false;
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== results) return;
    if (document.activeElement !== box) return away(); // the answer came after the person had left
    const sent = event.detail.requestConfig.parameters;
    answered = (sent.get ? sent.get("q") : sent.q) ?? "";
    if (answered !== box.value) return; // an answer to what was typed before
    choose(0);
    if (opensFirst && options().length) options()[0].click();
    else if (opensFirst) box.form.requestSubmit(); // the page says what else can be typed
    opensFirst = false;
  });

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // a Chinese word is being put together
    if (event.key === "Escape") {
      if (isOpen() && box.value) event.stopPropagation(); // what is typed is left by a second Escape
      away();
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen() + (event.key === "ArrowDown" ? 1 : -1));
    }
    if (event.key !== "Enter" || event.ctrlKey) return;
    if (answered !== box.value && box.value.trim()) {
      event.preventDefault();
      opensFirst = true;
    } else if (chosen() >= 0) {
      event.preventDefault();
      options()[chosen()].click();
    }
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("form.search")) away();
  });
}
