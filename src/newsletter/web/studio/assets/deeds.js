// What is done from an issue's page: a test, an approval, a request for changes.
import { ask } from "/assets/asking.js";

const find = (selector) => document.querySelector(selector);
const NAME = "newsletter-studio-name";
const TO = "newsletter-studio-to";
const WRONG = {
  by: "Give your name: a decision is somebody's.",
  comment: "Say in the comment what is to be changed.",
  time: "Give a day and a time that exist, or leave both empty.",
  to: "Say whom the test is for.",
};

const OLD = "The issue has changed since you opened this, so nothing is recorded. Look at it again; what you wrote here stays.";

// `look` is what is looked at; `whose` tells the chosen subscriber's address; `done` is called when something has changed,
// with words about it if something was done here.
export class Deeds {
  constructor(issue, look, whose, done) {
    Object.assign(this, { issue, look, whose, done });
    for (const one of document.querySelectorAll("[data-close]")) {
      one.addEventListener("click", () => one.closest("dialog").close());
    }
    for (const one of ["#decide", "#test"]) find(one).addEventListener("close", () => this.#back());
    find("#decide form").addEventListener("submit", (event) => this.isOld ? this.#lookAgain(event) : this.#submit(event, () => this.#decided(event.target)));
    find("#test form").addEventListener("submit", (event) => this.#submit(event, () => this.#tested(event.target)));
  }

  decide(decision) {
    const content = find("#approval")?.dataset.content;
    if (!content) return;
    Object.assign(this, { decision, content, isOld: false });
    const approves = decision === "approve";
    find("#decide-title").textContent = approves ? "Approve this issue" : "Ask for changes";
    find("#decide-go").textContent = approves ? "Approve" : "Ask for changes";
    find("#decide-holds").hidden = false;
    find("#decide-content").textContent = content.slice(0, 12);
    const form = find("#decide form");
    form.by.value ||= localStorage.getItem(NAME) ?? "";
    form.comment.required = !approves;
    find("#decide-hint").textContent = approves ? "(optional)" : "(what is to be changed)";
    find("#decide-time").hidden = !approves;
    find("#decide-zone").textContent = `By the clock of ${find("#approval").dataset.zone}. Leave it empty for any time.`;
    this.#open(find("#decide"));
  }

  // The page behind shows what is there now: a decision about what was there before cannot be made any more.
  renewed() {
    if (find("#decide").open && find("#approval")?.dataset.content !== this.content) this.#tellOld();
  }

  #tellOld() {
    this.isOld = true;
    find("#decide-holds").hidden = true;
    find("#decide-go").textContent = "Look at it again";
    this.#tell(find("#decide"), OLD, "bad");
  }

  #lookAgain(event) {
    event.preventDefault();
    find("#decide").close();
    this.done();
  }

  test() {
    const opener = find("#test-open");
    if (!opener) return;
    find("#test-provider").textContent = opener.dataset.provider;
    find("#test-way").textContent = opener.dataset.way;
    const form = find("#test form");
    form.to.value ||= localStorage.getItem(TO) ?? "";
    form.as.checked = false;
    find("#test-as").hidden = !this.look.reader;
    find("#test-name").textContent = this.whose();
    const chosen = find("#profession").selectedOptions[0];
    find("#test-whose").textContent = `As it is read by: ${chosen?.textContent.trim() ?? ""}`;
    this.#open(find("#test"));
  }

  // A save may have drawn the button anew that the browser would give the focus back to.
  #back() {
    const { opener } = this;
    if (!opener || opener.isConnected) return;
    [...document.querySelectorAll(`#side ${opener.localName}`)].find((one) => one.textContent === opener.textContent)?.focus();
  }

  #open(dialog) {
    this.opener = document.activeElement;
    this.#tell(dialog, "");
    dialog.showModal();
  }

  #tell(dialog, words, kind = "") {
    const told = dialog.querySelector(".told");
    told.className = `told ${kind}`;
    told.textContent = words;
  }

  async #submit(event, act) {
    event.preventDefault();
    const dialog = event.target.closest("dialog");
    const wrong = [...event.target.elements].find((one) => (one.required && !one.value.trim()) || one.validity.badInput);
    if (wrong) {
      this.#tell(dialog, WRONG[wrong.name], "bad");
      wrong.focus();
      return;
    }
    const button = event.target.querySelector(".primary");
    button.disabled = true;
    this.#tell(dialog, "One moment…");
    try {
      await act();
    } catch (problem) {
      this.#tell(dialog, problem.message, "bad");
    } finally {
      button.disabled = false;
    }
  }

  async #decided(form) {
    const { decision, content } = this;
    const time = decision === "approve" ? form.time.value : "";
    const found = await ask(`/issues/${this.issue}/decisions`, { decision, content, by: form.by.value, comment: form.comment.value, time });
    if (found.changed) {
      this.#tellOld();
      return;
    }
    localStorage.setItem(NAME, form.by.value);
    form.comment.value = form.time.value = "";
    find("#decide").close();
    this.done(decision !== "approve" ? "Your request is recorded" : found.time ? `Approved for ${found.time}` : "Approved");
  }

  async #tested(form) {
    const reader = form.as.checked ? this.look.reader : "";
    const found = await ask(`/issues/${this.issue}/tests`, { to: form.to.value, profession: this.look.profession, reader });
    localStorage.setItem(TO, form.to.value);
    const where = found.lies ? ` It lies in ${found.lies}.` : "";
    this.#tell(find("#test"), found.told.join("; ") + where, found.failed ? "bad" : "good");
  }
}
