// What is done from an issue's page: a test, an approval, a request for changes.
import { ask } from "/assets/asking.js";

const find = (selector) => document.querySelector(selector);
const NAME = "newsletter-studio-name";
const TO = "newsletter-studio-to";

// `look` is what is looked at; `whose` tells the chosen subscriber's address; `done` is called when something has changed.
export class Deeds {
  constructor(issue, look, whose, done) {
    Object.assign(this, { issue, look, whose, done });
    for (const one of document.querySelectorAll("[data-close]")) {
      one.addEventListener("click", () => one.closest("dialog").close());
    }
    find("#decide form").addEventListener("submit", (event) => this.#submit(event, () => this.#decided(event.target)));
    find("#test form").addEventListener("submit", (event) => this.#submit(event, () => this.#tested(event.target)));
  }

  decide(decision) {
    const content = find("#approval")?.dataset.content;
    if (!content) return;
    Object.assign(this, { decision, content });
    const approves = decision === "approve";
    find("#decide-title").textContent = approves ? "Approve this issue" : "Ask for changes";
    find("#decide-go").textContent = approves ? "Approve" : "Ask for changes";
    find("#decide-content").textContent = content.slice(0, 12);
    const form = find("#decide form");
    form.by.value ||= localStorage.getItem(NAME) ?? "";
    form.comment.required = !approves;
    find("#decide-hint").textContent = approves ? "(if you like)" : "(needed: say what is to be changed)";
    this.#open(find("#decide"));
  }

  test() {
    const opener = find("#test-open");
    if (!opener) return;
    find("#test-provider").textContent = opener.dataset.provider;
    const form = find("#test form");
    form.to.value ||= localStorage.getItem(TO) ?? "";
    form.as.checked = false;
    find("#test-as").hidden = !this.look.reader;
    find("#test-name").textContent = this.whose();
    const chosen = find("#profession").selectedOptions[0];
    find("#test-whose").textContent = `As it is read by: ${chosen?.textContent.trim() ?? ""}`;
    this.#open(find("#test"));
  }

  #open(dialog) {
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
    const empty = [...event.target.elements].find((one) => one.required && !one.value.trim());
    if (empty) {
      this.#tell(dialog, empty.name === "comment" ? "Say in the comment what is to be changed." : "Give your name: a decision is somebody's.", "bad");
      empty.focus();
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
    await ask(`/issues/${this.issue}/decisions`, { decision, content, by: form.by.value, comment: form.comment.value });
    localStorage.setItem(NAME, form.by.value);
    form.comment.value = "";
    find("#decide").close();
    this.done(decision === "approve" ? "Approved" : "Your request is recorded");
  }

  async #tested(form) {
    const reader = form.as.checked ? this.look.reader : "";
    const found = await ask(`/issues/${this.issue}/tests`, { to: form.to.value, profession: this.look.profession, reader });
    localStorage.setItem(TO, form.to.value);
    const where = found.lies ? ` It lies in ${found.lies}.` : "";
    this.#tell(find("#test"), found.told.join("; ") + where, found.failed ? "bad" : "good");
  }
}
