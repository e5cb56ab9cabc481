// What is wrong with the files lies over the page. Folded it stays so, until the reader unfolds it.

const place = document.querySelector("#problems");
let folded = false;

export function fold(closed = folded) {
  folded = closed;
  const overlay = place.querySelector(".overlay");
  if (!overlay) return;
  overlay.classList.toggle("folded", closed);
  const button = overlay.querySelector("[data-fold]");
  button.textContent = closed ? "Show" : "Hide";
  button.setAttribute("aria-expanded", String(!closed));
}

addEventListener("keydown", (event) => {
  const elsewhere = document.querySelector("dialog[open], .block.moving");
  if (event.key === "Escape" && !elsewhere && place.querySelector(".overlay:not(.folded)")) fold(true);
});

place.addEventListener("click", (event) => {
  if (event.target.closest("[data-fold]")) fold(!folded);
});
