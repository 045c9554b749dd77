// The dot beside a value: opens under the pointer, on keyboard focus and by a tap; a click keeps it open.

const dotOf = (event) => event.target.closest?.("details.source");

document.addEventListener("pointerover", (event) => {
  const dot = dotOf(event);
  if (!dot || event.pointerType !== "mouse" || dot.open) return;
  dot.dataset.passing = "";
  dot.open = true;
});

document.addEventListener("pointerout", (event) => {
  const dot = dotOf(event);
  if (!dot || !("passing" in dot.dataset) || dot.contains(event.relatedTarget)) return;
  delete dot.dataset.passing;
  dot.open = false;
});

document.addEventListener("focusin", (event) => {
  const dot = dotOf(event);
  if (!dot || dot.open || !event.target.matches(":focus-visible")) return;
  dot.dataset.passing = "";
  dot.open = true;
});

document.addEventListener("focusout", (event) => {
  const dot = dotOf(event);
  if (!dot || !("passing" in dot.dataset) || dot.contains(event.relatedTarget)) return;
  delete dot.dataset.passing;
  dot.open = false;
});

// A click on a dot that is open in passing keeps it open; the next one closes it.
document.addEventListener(
  "click",
  (event) => {
    const dot = dotOf(event);
    if (!dot || !event.target.closest("summary") || !("passing" in dot.dataset)) return;
    event.preventDefault();
    delete dot.dataset.passing;
  },
  true,
);
