// An issue's page: what is looked at and how, and what changes with every save.
import { Deeds } from "/assets/deeds.js";
import { fetched } from "/assets/fetching.js";
import { fold } from "/assets/folding.js";
import { Frames } from "/assets/frames.js";
import { isTyping } from "/assets/keys.js";
import { listen, sign } from "/assets/live.js";
import { Subscriber } from "/assets/subscriber.js";

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const WIDTH = "newsletter-studio-width";
const { issue } = document.body.dataset;
const look = { profession: document.body.dataset.profession, reader: "", view: "sent", scheme: "light", pictures: "on" };
const paper = find("#paper");
const stage = find("#pane-email");
find("#frames").dataset.frame = `/issues/${issue}/frame`;
const frames = new Frames(find("#frames"), () => document.documentElement.setAttribute("data-shown", look.version ?? ""));
let tab = "email";
let finding = -1;
let only = "";
let leave = () => {};
let [questions, answered, looks, aside] = [0, 0, 0, ""];

function toast(words) {
  find("#toast").textContent = words;
  find("#toast").classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => find("#toast").classList.remove("on"), Math.max(2000, 60 * words.length));
}

// ── what changes with a save ─────────────────────────────────────────────────────────────────────────────────────

function told({ message }) {
  const words = document.createElement("p");
  words.className = "waiting";
  words.textContent = message;
  return words;
}

function whose() {
  return new URLSearchParams({ profession: look.profession, reader: look.reader });
}

function isPhone() {
  return matchMedia("(max-width: 500px)").matches;
}

// Above the email stands the inbox of what the page is read on, and the other one beside or below it.
function phoneFirst(desktop, phone) {
  if (!desktop || !phone) return;
  const spot = document.createComment("");
  desktop.replaceWith(spot);
  phone.replaceWith(desktop);
  spot.replaceWith(phone);
  desktop.querySelector(".inbox-words").textContent = "On a desktop";
  phone.querySelector(".inbox-words").textContent = "In the inbox, on a phone";
}

// What stands beside the email is drawn anew only where it differs; whoever is in it with the keyboard stays there.
function replaceSide(part) {
  const side = find("#side");
  const at = side.contains(document.activeElement) ? document.activeElement : null;
  const opened = new Set(all("#side details[open]").map((one) => one.dataset.group));
  const scroll = side.scrollTop;
  side.replaceChildren(...part.childNodes);
  for (const one of all("#side details")) one.open = opened.has(one.dataset.group);
  showOnly(only);
  side.scrollTop = scroll;
  if (at) all(`#side ${at.localName}`).find((one) => one.textContent === at.textContent)?.focus({ preventScroll: true });
}

// Whether it is about what is looked at now. Answers come in any order: one of before changes nothing.
async function refreshParts() {
  const [question, asked] = [++questions, `${whose()}`];
  let text;
  try {
    text = await fetched(`/issues/${issue}/parts?${asked}`);
  } catch (problem) {
    if (asked === `${whose()}` && question > answered) throw problem;
  }
  if (asked !== `${whose()}`) return false;
  if (question < answered) return true;
  answered = question;
  const made = document.createElement("template");
  made.innerHTML = text;
  const part = (name) => made.content.querySelector(`[data-part="${name}"]`);
  if (isPhone()) phoneFirst(part("inbox").querySelector(".inbox"), part("side").querySelector(".inbox"));
  find("#status").replaceChildren(...part("status").childNodes);
  find("#inbox").replaceChildren(...part("inbox").childNodes);
  if (part("side").innerHTML !== aside) {
    aside = part("side").innerHTML;
    replaceSide(part("side"));
  }
  deeds.renewed();
  find("#problems").replaceChildren(...part("problems").childNodes);
  fold();
  const waits = find("#frames .waiting");
  if (waits && find("#problems .overlay")) waits.textContent = "The email appears as soon as its files can be read.";
  const options = part("profession");
  look.version = options.dataset.version;
  if (options.children.length) find("#profession").replaceChildren(...options.children);
  else if (!find("#profession").value) find("#profession").options[0].textContent = "Not known yet";
  find("#profession").disabled = !options.dataset.value && !options.children.length;
  if (options.dataset.value !== look.profession) {
    look.profession = options.dataset.value;
    connect();
  }
  return true;
}

function asked() {
  return { profession: look.profession, reader: look.reader, view: look.view, scheme: look.scheme, pictures: look.pictures, version: look.version ?? "" };
}

function showFrame() {
  frames.show(asked());
}

async function showTab() {
  if (tab === "email") return;
  const [mine, pane] = [++looks, find(`#pane-${tab}`)];
  const made = document.createElement("template");
  if (!pane.children.length) pane.append(told({ message: "One moment…" }));
  try {
    made.innerHTML = await fetched(`/issues/${issue}/look/${tab}?${whose()}`);
  } catch (problem) {
    made.content.append(told(problem));
  }
  if (mine === looks) pane.replaceChildren(...made.content.childNodes);
}

function connect() {
  leave();
  let isNew = true;
  leave = listen(
    { issue, profession: look.profession },
    {
      rendered: ({ version }) => { look.version = String(version); find("#problems").replaceChildren(); frames.renew(asked()); },
      checked: everything,
      broken: () => { frames.stir(false); return around(); },
      saving: () => frames.stir(),
      hello: ({ version }) => {
        // A studio that had not read the issue when this page came has nothing newer than what the page asks it for.
        const knows = version || !isNew || look.version === "none";
        isNew = false;
        if (knows && look.version && String(version) !== look.version) everything();
      },
    },
    sign,
  );
}

// Whether what stands around the email could be shown. If not, the next hello is of another version.
async function around() {
  try {
    return await refreshParts();
  } catch (problem) {
    look.version = "none";
    aside = "";
    find("#side").replaceChildren(told(problem));
    return false;
  }
}

async function everything() {
  if (await around()) await frames.renew(asked(), true);
  await showTab();
}

// ── how it is looked at ──────────────────────────────────────────────────────────────────────────────────────────

function press(buttons, chosen) {
  for (const one of buttons) one.setAttribute("aria-pressed", String(one === chosen));
}

function setWidth(width) {
  const wide = Math.round(Math.min(Math.max(width, 320), 1000));
  // A phone's email is as narrow as this screen; a wider one keeps its width, and the stage scrolls.
  paper.style.width = wide > 375 ? `${wide}px` : `min(${wide}px, 100%)`;
  find("#grip").setAttribute("aria-valuenow", String(wide));
  find("#measure").textContent = `${wide} px`;
  press(all("[data-width]"), all("[data-width]").find((one) => Number(one.dataset.width) === wide));
}

// What a person chose stays over a reload of this page.
function chooseWidth(width) {
  setWidth(width);
  sessionStorage.setItem(WIDTH, find("#grip").getAttribute("aria-valuenow"));
}

function setScheme(scheme) {
  paper.classList.toggle("dark", scheme === "dark");
  press(all("[data-scheme]"), find(`[data-scheme="${scheme}"]`));
  look.scheme = scheme;
  showFrame();
}

function togglePictures() {
  look.pictures = look.pictures === "on" ? "off" : "on";
  find("#pictures").setAttribute("aria-pressed", String(look.pictures === "on"));
  showFrame();
}

function setView(view) {
  look.view = view;
  find("#view").value = view;
  find("#approximation").hidden = view === "sent";
  if (view === "outlook" && paper.clientWidth < 600) setWidth(700);
  showFrame();
}

async function setProfession(profession) {
  subscriber.clear();
  await readAs(profession);
}

async function readAs(profession, reader = "") {
  look.profession = profession;
  look.reader = reader;
  find("#profession").value = profession;
  history.replaceState(null, "", `?${new URLSearchParams({ profession })}`);
  connect();
  finding = -1;
  await everything();
}

function setTab(name) {
  tab = name;
  for (const one of all("[role=tab]")) {
    const chosen = one.id === `tab-${name}`;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    find(`#${one.getAttribute("aria-controls")}`).hidden = !chosen;
  }
  return showTab();
}

function step(select, by) {
  const count = select.options.length;
  return select.options[(select.selectedIndex + by + count) % count]?.value;
}

async function showFinding(number) {
  finding = number;
  const note = tab === "source" && find(`[data-note="${number}"]`);
  if (note) {
    note.scrollIntoView({ block: "center" });
    return;
  }
  await setTab("email");
  const spot = frames.spot(number);
  if (spot) spot.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  else toast("Its place in the email is not known. The line to edit is.");
}

async function copy() {
  let html;
  try {
    html = await fetched(`/issues/${issue}/html?${new URLSearchParams({ profession: look.profession })}`);
  } catch (problem) {
    toast(problem.message);
    return;
  }
  try {
    await navigator.clipboard.writeText(html);
    const without = look.reader ? ", without the subscriber's values" : "";
    const travels = /["'(]cid:/i.test(html) ? "; its pictures travel in the mail and are not in it" : "";
    toast(`The HTML is on the clipboard${without}${travels}`);
  } catch {
    toast("The browser does not allow copying here. The Source tab has the HTML");
  }
}

function nextFinding() {
  const shown = all("#side [data-finding]").filter((one) => !one.closest("[hidden]")).map((one) => Number(one.dataset.finding));
  if (shown.length) showFinding(shown[(shown.indexOf(finding) + 1) % shown.length]);
}

function showOnly(severity) {
  const buttons = all("#side [data-only]");
  only = buttons.some((one) => one.dataset.only === severity) ? severity : "";
  press(buttons, buttons.find((one) => one.dataset.only === only));
  for (const one of all("#side [data-severity]")) one.hidden = only !== "" && one.dataset.severity !== only;
}

// ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────

for (const one of all("[data-width]")) one.addEventListener("click", () => chooseWidth(Number(one.dataset.width)));
for (const one of all("[data-scheme]")) one.addEventListener("click", () => setScheme(one.dataset.scheme));
for (const one of all("[role=tab]")) {
  one.addEventListener("click", () => setTab(one.id.slice(4)));
  one.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const tabs = all("[role=tab]");
    const next = tabs[(tabs.indexOf(one) + by + tabs.length) % tabs.length];
    setTab(next.id.slice(4));
    next.focus();
  });
}
find("#pictures").addEventListener("click", togglePictures);
find("#view").addEventListener("change", (event) => setView(event.target.value));
find("#profession").addEventListener("change", (event) => setProfession(event.target.value));
find("#side").addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-finding]");
  if (chosen) showFinding(Number(chosen.dataset.finding));
  const severity = event.target.closest("[data-only]");
  if (severity) showOnly(severity.dataset.only);
  if (event.target.closest("#copy")) copy();
  if (event.target.closest("#test-open")) deeds.test();
  const decides = event.target.closest("[data-decide]");
  if (decides) deeds.decide(decides.dataset.decide);
});
find("#pane-source").addEventListener("click", async (event) => {
  const chosen = event.target.closest("[data-finding]");
  if (!chosen) return;
  await setTab("email");
  showFinding(Number(chosen.dataset.finding));
});
find("#help-open").addEventListener("click", () => find("#help").showModal());
find("#help-close").addEventListener("click", () => find("#help").close());

const grip = find("#grip");
grip.addEventListener("pointerdown", (event) => {
  grip.setPointerCapture(event.pointerId);
  const middle = paper.getBoundingClientRect().left + paper.offsetWidth / 2;
  const drag = (moved) => chooseWidth((moved.clientX - middle - 10) * 2);
  grip.addEventListener("pointermove", drag);
  grip.addEventListener("pointerup", () => grip.removeEventListener("pointermove", drag), { once: true });
});
grip.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 10, ArrowLeft: -10 }[event.key];
  if (by) chooseWidth(Number(grip.getAttribute("aria-valuenow")) + by);
});

const subscriber = new Subscriber(issue, (reader, profession) => readAs(profession || look.profession, reader));

const deeds = new Deeds(issue, look, () => subscriber.address ?? "", (words) => { if (words) toast(words); everything(); });

const keys = {
  a: () => subscriber.open(),
  1: () => chooseWidth(700),
  2: () => chooseWidth(560),
  3: () => chooseWidth(375),
  d: () => setScheme(paper.classList.contains("dark") ? "light" : "dark"),
  i: () => { setTab("email"); togglePictures(); },
  v: () => { setTab("email"); setView(step(find("#view"), 1)); },
  j: () => setProfession(step(find("#profession"), 1)),
  k: () => setProfession(step(find("#profession"), -1)),
  n: nextFinding,
  e: () => setTab("email"),
  t: () => setTab("text"),
  s: () => setTab("source"),
  h: () => setTab("message"),
  c: copy,
  m: () => deeds.test(),
  p: () => deeds.decide("approve"),
  b: () => location.assign(`/issues/${issue}/compose?${new URLSearchParams({ profession: look.profession })}`),
  x: () => location.assign(`/issues/${issue}/compare`),
  g: () => location.assign(`/issues/${issue}/all`),
  "?": () => find("#help").showModal(),
};
addEventListener("keydown", (event) => {
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});
addEventListener("pagehide", () => leave());

const chosen = Number(sessionStorage.getItem(WIDTH));
if (chosen) setWidth(chosen);
else if (stage.clientWidth < 600) setWidth(375);
connect();
everything();
