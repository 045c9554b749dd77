// A full number that was asked for: copied on a click, gone after its time, when the page is left, and from its history.

function take(place) {
  const number = place.querySelector("[data-number]");
  const hide = () => place.remove();
  setTimeout(hide, Number(place.dataset.revealed) * 1000);
  addEventListener("pagehide", hide, { once: true });
  place.querySelector("[data-copy]").addEventListener("click", () => navigator.clipboard?.writeText(number.textContent));
}

document.addEventListener("htmx:afterSwap", () => {
  for (const place of document.querySelectorAll("[data-revealed]:not([data-taken])")) {
    place.dataset.taken = "";
    take(place);
  }
});
