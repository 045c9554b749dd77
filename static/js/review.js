// Keys of the review: s same, d different, l later, u undo, j k and arrows the neighbours, digits mark people of a group.

const arrows = { ArrowRight: "j", ArrowLeft: "k" };

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("textarea, select, input:not([type=radio], [type=checkbox])")) return;
  if (event.key.startsWith("Arrow") && event.target.closest("input, [role=region]")) return;
  const key = arrows[event.key] ?? event.key;
  const target = document.querySelector(`[data-review-key="${CSS.escape(key)}"]`);
  if (!target) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // the frame has keys of its own: j and k in tables, d, s and u in rows
  if (!document.body.dataset.leaving) target.click();
}

// One key press, one decision: a second one while the answer is under way belongs to a page nobody has seen.
document.addEventListener("submit", () => (document.body.dataset.leaving = "1"));
window.addEventListener("pageshow", () => delete document.body.dataset.leaving);
document.addEventListener("keydown", pressed, { capture: true });
