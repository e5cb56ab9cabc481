// All professions: a frame is drawn when it comes into sight, and its pictures fetched: not one that is scrolled past.
// The browser's own lazy frames come while they are still far below.
import { keys } from "/assets/keys.js";
import { reload } from "/assets/live.js";

const MARGIN = "150px"; // around what is in sight
const DWELL = 120; // ms in sight
const waits = new Map();
let dwell = 0;

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    clearTimeout(waits.get(target));
    if (isIntersecting) waits.set(target, setTimeout(() => draw(target), dwell));
  }
  dwell = DWELL;
}, { rootMargin: MARGIN });

function draw(frame) {
  sight.unobserve(frame);
  frame.src = frame.dataset.src;
}

for (const one of document.querySelectorAll("iframe[data-src]")) sight.observe(one);
const leave = reload({ issue: document.body.dataset.issue }, "checked");
addEventListener("pagehide", leave);
keys(document.body.dataset.issue);
