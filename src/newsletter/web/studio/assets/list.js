// The list of issues: what a build says of each comes after the page.
import { reload } from "/assets/live.js";

async function fill(place) {
  try {
    const answer = await fetch(place.dataset.card);
    if (!answer.ok) throw new Error(answer.statusText);
    place.innerHTML = await answer.text();
    if (place.querySelector("[data-empty]")) {
      const words = document.createElement("p");
      words.className = "no-thumb";
      words.textContent = "No email to show yet";
      place.closest(".card").querySelector(".thumb").replaceChildren(words);
    }
  } catch {
    place.innerHTML = '<p class="quiet">The studio does not answer. Is it still running?</p>';
  }
}

async function fillAll() {
  for (const place of document.querySelectorAll("[data-card]")) await fill(place);
}

fillAll();
const leave = reload({}, "changed");
addEventListener("pagehide", leave);
