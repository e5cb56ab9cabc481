// Two emails: side by side or one over the other, what differs framed on both, and from one change to the next.
import { Frames } from "/assets/frames.js";
import { keys } from "/assets/keys.js";
import { reload } from "/assets/live.js";

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const { issue, left, right } = document.body.dataset;
const seen = find("#seen");
const halves = { left: find(".half.left"), right: find(".half.right") };
const MODE = "newsletter-studio-comparing";
let scheme = "light";
let change = -1;
const frames = {};

function press(buttons, chosen) {
  for (const one of buttons) one.setAttribute("aria-pressed", String(one === chosen));
}

function draw(side) {
  const place = frames[side].place;
  for (const old of place.querySelectorAll(".change")) old.remove();
  for (const [number, [x, y, width, height]] of Object.entries(frames[side].places)) {
    const box = document.createElement("div");
    box.className = "change";
    box.dataset.number = number;
    box.classList.toggle("now", Number(number) === change);
    Object.assign(box.style, { left: `${x - 4}px`, top: `${y - 4}px`, width: `${width + 8}px`, height: `${height + 8}px` });
    place.append(box);
  }
}

function showBoth() {
  for (const [side, own, other] of [["left", left, right], ["right", right, left]]) {
    frames[side].show({ side: own, other, at: side, scheme });
    halves[side].querySelector(".paper").classList.toggle("dark", scheme === "dark");
  }
}

function setMode(mode) {
  sessionStorage.setItem(MODE, mode);
  press(all("[data-mode]"), find(`[data-mode="${mode}"]`));
  seen.hidden = mode === "text";
  find("#texts").hidden = mode !== "text";
  seen.classList.toggle("slider", mode === "slider");
  find(".reveal").hidden = mode !== "slider";
  align(0);
}

// In the slider the right one lies over the left one, and is cut off at the handle.
function reveal() {
  seen.style.setProperty("--reveal", `${find("#reveal").value}%`);
}

// Puts what belongs together at the same height: after a change that is longer on one side the rest is moved.
function align(by) {
  const together = seen.classList.contains("slider") ? 0 : by;
  halves.left.style.paddingTop = `${Math.max(together, 0)}px`;
  halves.right.style.paddingTop = `${Math.max(-together, 0)}px`;
}

function step(by) {
  const count = Number(seen.dataset.changes);
  if (!count) return;
  if (seen.hidden) setMode("pair");
  change = (change + by + count + (change < 0 && by < 0 ? 1 : 0)) % count;
  const [ours, theirs] = ["left", "right"].map((side) => first(frames[side].places, change));
  if (ours && theirs) align(theirs[1] - ours[1]);
  draw("left");
  draw("right");
  const box = find(ours ? ".half.left .change.now" : ".half.right .change.now");
  box?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  tell(`Change ${change + 1} of ${count}${ours && theirs ? "" : ours ? ", only on the left" : ", only on the right"}`);
}

function first(places, number) {
  return places[number] ?? null;
}

function tell(words) {
  find("#toast").textContent = words;
  find("#toast").classList.add("on");
  setTimeout(() => find("#toast").classList.remove("on"), 2000);
}

for (const one of all("#choice select")) one.addEventListener("change", () => find("#choice").requestSubmit());
if (seen) {
  for (const side of ["left", "right"]) frames[side] = new Frames(halves[side].querySelector(".frames"), () => draw(side));
  for (const one of all("[data-mode]")) one.addEventListener("click", () => setMode(one.dataset.mode));
  for (const one of all("[data-step]")) one.addEventListener("click", () => step(Number(one.dataset.step)));
  for (const one of all("[data-scheme]")) {
    one.addEventListener("click", () => {
      scheme = one.dataset.scheme;
      press(all("[data-scheme]"), one);
      showBoth();
    });
  }
  find("#reveal").addEventListener("input", reveal);
  setMode(sessionStorage.getItem(MODE) ?? (innerWidth < 700 ? "slider" : "pair"));
  reveal();
  showBoth();
}
keys(issue, seen ? { n: () => step(1), p: () => step(-1) } : {});
const leave = reload({ issue }, "checked");
addEventListener("pagehide", leave);
