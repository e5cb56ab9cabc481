// The list of issues: what a build says of each comes after the page.
import { reload } from "/assets/live.js";

async function fill(place) {
  try {
    const answer = await fetch(place.dataset.card);
    if (!answer.ok) throw new Error(answer.statusText);
    place.innerHTML = await answer.text();
    const thumb = place.closest(".card").querySelector(".thumb");
    // Only the build knows whether there is an email to show.
    if (place.querySelector("[data-empty]")) {
      const words = document.createElement("p");
      words.className = "no-thumb";
      words.textContent = "No email to show yet";
      thumb.replaceChildren(words);
    } else {
      const frame = thumb.querySelector("[data-src]");
      if (frame) frame.src = frame.dataset.src;
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
