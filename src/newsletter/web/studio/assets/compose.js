// Composing: the blocks of issue.yaml, moved, added, taken out and aimed by hand. The studio edits the file; this page
// shows what stands in it, and says with every edit which file it has seen.
import { ask } from "/assets/asking.js";
import { Beside } from "/assets/beside.js";
import { questions } from "/assets/choosing.js";
import { address, Gaps } from "/assets/dragging.js";
import { fetched } from "/assets/fetching.js";
import { isTyping } from "/assets/keys.js";

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const { issue } = document.body.dataset;
const places = find("#places");
const file = { seen: "" };
let busy = false;
let edited = ""; // the place of the block that an edit is on its way for
let held = null;
let [rounds, missed] = [0, false];
const waiting = [];

// ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────

function say(words) {
  find("#told").textContent = words;
}

function toast(words) {
  say(words);
  find("#toast").textContent = words;
  find("#toast").classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => find("#toast").classList.remove("on"), 2600);
}

function refuse(words) {
  find("#refused").hidden = !words;
  find("#refused-words").textContent = words;
}

// ── what stands in the file ──────────────────────────────────────────────────────────────────────────────────────

function focused() {
  const one = document.activeElement;
  if (!places.contains(one)) return null;
  const block = one.closest("[data-place]");
  const hook = ["handle", "step", "remove", "target", "add", "swap", "section-step", "section-remove"].find((name) => one.matches(`[data-${name}]`));
  return { place: block?.dataset.place, section: one.closest("[data-section]")?.dataset.section, hook, value: one.getAttribute(`data-${hook}`) };
}

function focus({ place, section, hook, value }) {
  const where = place ? find(`[data-place="${place}"]`) : section ? find(`[data-section="${section}"]`) : null;
  const exact = hook && (where ?? places).querySelector(value ? `[data-${hook}="${value}"]` : `[data-${hook}]`);
  const chosen = exact && !exact.disabled ? exact : where?.querySelector("[data-handle], button:not([disabled])");
  (chosen ?? find("#add-section")).focus();
  return where;
}

async function refresh(keep = focused()) {
  const round = ++rounds;
  const made = document.createElement("template");
  made.innerHTML = await fetched(`/issues/${issue}/compose/sheet`);
  // What was asked before an edit or a later save would be taken for a change that somebody else has made.
  if (round !== rounds) {
    missed = true;
    return null;
  }
  const sheet = made.content.firstElementChild;
  find("#undo").disabled = !sheet.dataset.undo;
  find("#redo").disabled = !sheet.dataset.redo;
  find("#add-section").disabled = !sheet.querySelector("[data-section]");
  if (sheet.dataset.seen === file.seen) return null;
  const first = !file.seen;
  file.seen = sheet.dataset.seen;
  drop();
  const { scrollTop } = places;
  places.replaceChildren(...made.content.childNodes);
  places.scrollTop = scrollTop;
  for (const select of all(".blocks")) select.classList.toggle("none", !select.children.length);
  const back = keep ? focus(keep) : null;
  return { first, back };
}

// ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────────

function described(block) {
  const list = block.parentElement;
  return `${block.dataset.name}, ${[...list.children].indexOf(block) + 1} of ${list.children.length} in ${list.dataset.name}`;
}

async function edit(texts, then = {}) {
  if (busy) {
    toast("The edit before is still being saved. Press again in a moment");
    return;
  }
  busy = true;
  edited = texts.source;
  rounds += 1;
  document.body.classList.add("busy");
  const keep = focused();
  try {
    const answer = await ask(`/issues/${issue}/edits`, { seen: file.seen, ...texts });
    if (answer.changed) {
      await refresh(keep);
      refuse(answer.changed);
      return;
    }
    refuse("");
    const target = answer.place && !then.section ? { place: answer.place, hook: then.hook ?? keep?.hook ?? "handle", value: then.hook ? undefined : keep?.value } : then.section ? { section: answer.place, hook: keep?.hook, value: keep?.value } : keep;
    const shown = await refresh(then.focus ?? target);
    const block = answer.place ? find(`[data-place="${answer.place}"]`) : null;
    toast(block && !then.gone ? `${answer.told}: ${described(block)}` : answer.told);
    if (shown) block?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    refuse(error.message);
  } finally {
    busy = false;
    document.body.classList.remove("busy");
    while (waiting.length && !busy) waiting.shift()();
    if (missed) saved();
  }
}

// What is asked while an edit is on its way is done after it.
function afterwards(act) {
  if (busy) waiting.push(act);
  else act();
}

// The same for what is typed: to the block that has the focus then.
function soon(act) {
  afterwards(() => act(document.activeElement.closest("[data-place]")));
}

// Pressed again while its block is on its way, a button goes on with that block, which has the focus then.
function stepOf(block, by) {
  if (busy && block.dataset.place === edited) soon((one) => one && step(one, by));
  else step(block, by);
}

const move = (block, gap, then) => edit({ do: "move", source: block.dataset.place, gap }, then);

function step(block, by) {
  const gaps = new Gaps(places, block);
  const there = gaps.step(by) && address(gaps.gap);
  gaps.end();
  if (there) move(block, there);
  else toast(by < 0 ? "It is the first block already" : "It is the last block already");
}

function remove(block) {
  const next = block.nextElementSibling ?? block.previousElementSibling;
  const at = block.dataset.place;
  const left = !next ? null : next === block.nextElementSibling ? at : next.dataset.place;
  const section = block.closest("[data-section]").dataset.section;
  edit({ do: "remove", source: at }, { gone: true, focus: left ? { place: left, hook: "handle" } : { section, hook: "add" } });
}

// ── picked up by keyboard, or dragged ────────────────────────────────────────────────────────────────────────────

function drop() {
  held?.gaps.end();
  held?.stop?.();
  held = null;
}

function pickUp(block) {
  drop();
  held = { block, gaps: new Gaps(places, block) };
  say(`${block.dataset.name} is picked up. ${held.gaps.words()}`);
}

function putDown() {
  const { block, gaps } = held;
  const home = gaps.gap.home;
  const there = address(gaps.gap);
  drop();
  if (home) say(`${block.dataset.name} stays where it was`);
  else move(block, there, { hook: "handle" });
}

function drag(block, handle, event) {
  drop();
  delete handle.dataset.dragged;
  const from = [event.clientX, event.clientY];
  let pointer = from;
  let frame = 0;
  const scroller = () => (places.scrollHeight > places.clientHeight + 1 && getComputedStyle(places).overflowY !== "visible" ? places : document.scrollingElement);
  const scroll = () => {
    if (held?.gaps) {
      const one = scroller();
      const box = one === places ? places.getBoundingClientRect() : { top: 0, bottom: innerHeight };
      const by = pointer[1] < box.top + 48 ? -10 : pointer[1] > box.bottom - 48 ? 10 : 0;
      if (by) {
        one.scrollTop += by;
        held.gaps.near(...pointer);
      }
    }
    frame = requestAnimationFrame(scroll);
  };
  const moved = (one) => {
    pointer = [one.clientX, one.clientY];
    if (!held && Math.hypot(pointer[0] - from[0], pointer[1] - from[1]) > 4) {
      held = { block, gaps: new Gaps(places, block), stop };
      handle.dataset.dragged = "yes";
      document.body.classList.add("dragging");
      frame = requestAnimationFrame(scroll);
    }
    held?.gaps.near(...pointer);
  };
  const up = () => {
    if (held) putDown();
    else stop();
  };
  function stop() {
    cancelAnimationFrame(frame);
    document.body.classList.remove("dragging");
    handle.removeEventListener("pointermove", moved);
    handle.removeEventListener("pointerup", up);
    handle.removeEventListener("pointercancel", drop);
  }
  handle.setPointerCapture(event.pointerId);
  handle.addEventListener("pointermove", moved);
  handle.addEventListener("pointerup", up);
  handle.addEventListener("pointercancel", drop);
}

places.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-handle]");
  if (handle && event.button === 0 && !busy) drag(handle.closest("[data-place]"), handle, event);
});

function heldKey(key) {
  const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[key];
  if (by) {
    held.gaps.step(by);
    say(held.gaps.words());
  } else if (key === "Enter" || key === " ") putDown();
  else if (key === "Escape" || key === "Tab") {
    say(`${held.block.dataset.name} stays where it was`);
    drop();
  }
  return key !== "Tab";
}

function nextHandle(block, by) {
  const handles = all("[data-handle]");
  handles[handles.indexOf(block.querySelector("[data-handle]")) + by]?.focus();
}

const keys = {
  a: (block) => add(below(block)),
  f: (block) => aim(block),
  Delete: remove,
  Backspace: remove,
};

// To the other pages, as everywhere.
const to = { e: "", g: "/all", x: "/compare" };

addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  const block = event.target.closest("[data-place]");
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  if (held) {
    if (heldKey(event.key)) event.preventDefault();
  } else if (undo || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y")) {
    event.preventDefault();
    soon(() => edit({ do: undo && !event.shiftKey ? "undo" : "redo" }));
  } else if (event.ctrlKey || event.metaKey) {
    return;
  } else if (event.key === "?") {
    event.preventDefault();
    find("#help").showModal();
  } else if (to[event.key] !== undefined && !event.altKey) {
    event.preventDefault();
    location.assign(`/issues/${issue}${to[event.key]}`);
  } else if (block && by) {
    event.preventDefault();
    if (event.altKey) soon((one) => one && step(one, by));
    else nextHandle(block, by);
  } else if (block && !event.altKey && keys[event.key]) {
    event.preventDefault();
    keys[event.key](block);
  }
});

// ── added, and for whom ──────────────────────────────────────────────────────────────────────────────────────────

const below = (block) => `${block.parentElement.dataset.list}.${[...block.parentElement.children].indexOf(block) + 1}`;
const { add, aim } = questions(file, edit);
for (const one of all("dialog [data-close]")) one.addEventListener("click", () => one.closest("dialog").close());

// ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────

function moveSection(button) {
  const from = Number(button.closest("[data-section]").dataset.section);
  const by = Number(button.dataset.sectionStep);
  edit({ do: "move", source: `${from}`, gap: `${by < 0 ? from - 1 : from + 2}` }, { section: true });
}

function removeSection(button) {
  const { section } = button.closest("[data-section]").dataset;
  edit({ do: "remove", source: section }, { section: true, gone: true });
}

places.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const block = event.target.closest("[data-place]");
  if (!button) return;
  if (button.matches("[data-handle]")) {
    // The end of a drag is a click as well; one by keyboard has no count.
    if (button.dataset.dragged && event.detail) return;
    if (held) putDown();
    else pickUp(block);
  } else if (button.matches("[data-add]")) add(button.dataset.add);
  else if (button.matches("[data-target]")) aim(block);
  else if (button.matches("[data-remove]")) remove(block);
  else if (button.matches("[data-step]")) stepOf(block, Number(button.dataset.step));
  else if (button.matches("[data-swap]")) edit({ do: "move", source: `${button.dataset.swap}.0`, gap: `${button.dataset.swap}.2` }, { focus: { hook: "swap", value: button.dataset.swap } });
  else if (button.matches("[data-section-step]")) moveSection(button);
  else if (button.matches("[data-section-remove]")) removeSection(button);
});
find("#undo").addEventListener("click", () => afterwards(() => edit({ do: "undo" })));
find("#redo").addEventListener("click", () => afterwards(() => edit({ do: "redo" })));
find("#add-section").addEventListener("click", () => edit({ do: "add-section", gap: `${all("[data-section]").length}` }, { section: true }));
find("#refused-close").addEventListener("click", () => refuse(""));
find("#help-open").addEventListener("click", () => find("#help").showModal());
for (const one of all("[data-show]")) {
  one.addEventListener("click", () => {
    find("#main").dataset.shows = one.dataset.show;
    find(`#main [data-show]:not([data-show="${one.dataset.show}"])`).focus();
    if (one.dataset.show === "email") email.show();
  });
}

// ── the email beside it ──────────────────────────────────────────────────────────────────────────────────────────

let away = false;

// After a save: `problem` is why the email could not be shown.
async function saved(problem) {
  missed = busy;
  if (busy) return;
  const hadUndo = !find("#undo").disabled;
  let shown;
  try {
    if (problem) throw problem;
    shown = await refresh();
  } catch (error) {
    away = true;
    refuse(error.message);
    return;
  }
  if (away) refuse("");
  away = false;
  if (!shown || shown.first) return;
  refuse("");
  const lost = hadUndo && find("#undo").disabled ? "; what was done here cannot be undone any more" : "";
  toast(`issue.yaml was changed in another place. This is how it stands now${lost}`);
}

const email = new Beside(issue, document.body.dataset.profession, saved);
try {
  await refresh();
  await email.refresh();
  email.show();
} catch {
  email.version = "none";
  places.innerHTML = '<p class="waiting">The blocks cannot be shown. Is the studio still running, and the file in the workspace?</p>';
}
