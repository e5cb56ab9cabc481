// The email beside the blocks: as the chosen profession reads it, with every save.
import { fetched } from "/assets/fetching.js";
import { fold } from "/assets/folding.js";
import { Frames } from "/assets/frames.js";
import { listen, sign } from "/assets/live.js";

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

export class Beside {
  constructor(issue, profession, saved) {
    Object.assign(this, { issue, profession, saved, version: "", questions: 0, answered: 0, leave: () => {} });
    find("#frames").dataset.frame = `/issues/${issue}/frame`;
    this.frames = new Frames(find("#frames"), () => {});
    for (const one of all("[data-width]")) one.addEventListener("click", () => this.setWidth(Number(one.dataset.width)));
    find("#profession").addEventListener("change", (event) => this.#read(event.target.value));
    addEventListener("pagehide", () => this.leave());
    if (innerWidth < 900) this.setWidth(375);
    this.#connect();
  }

  show() {
    this.frames.show(this.#asked());
  }

  #asked() {
    return { profession: this.profession, version: this.version };
  }

  // Whether it is about the profession that is chosen now. Answers come in any order: one of before changes nothing.
  async refresh() {
    const { profession } = this;
    const question = ++this.questions;
    let text;
    try {
      text = await fetched(`/issues/${this.issue}/parts?${new URLSearchParams({ profession })}`);
    } catch (problem) {
      if (profession === this.profession && question > this.answered) throw problem;
    }
    if (profession !== this.profession) return false;
    if (question < this.answered) return true;
    this.answered = question;
    const made = document.createElement("template");
    made.innerHTML = text;
    const part = (name) => made.content.querySelector(`[data-part="${name}"]`);
    find("#status").replaceChildren(...part("status").childNodes);
    find("#problems").replaceChildren(...part("problems").childNodes);
    fold();
    const options = part("profession");
    this.version = options.dataset.version;
    const stays = find("#frames .waiting");
    if (stays && find("#problems").children.length) stays.textContent = "The email appears as soon as its files can be read.";
    if (options.children.length) find("#profession").replaceChildren(...options.children);
    else if (!find("#profession").value) find("#profession").options[0].textContent = "Not known yet";
    find("#profession").disabled = !options.dataset.value && !options.children.length;
    if (options.dataset.value !== this.profession) {
      this.profession = options.dataset.value;
      this.#connect();
    }
    return true;
  }

  setWidth(width) {
    find("#paper").style.width = width > 375 ? `${width}px` : `min(${width}px, 100%)`;
    for (const one of all("[data-width]")) one.setAttribute("aria-pressed", String(Number(one.dataset.width) === width));
  }

  async #read(profession) {
    this.profession = profession;
    history.replaceState(null, "", `?${new URLSearchParams({ profession })}`);
    this.#connect();
    if (await this.#around()) this.show();
  }

  // Whether what stands around the email could be shown. If not, the next hello is of another version.
  async #around() {
    let [isShown, problem] = [false, null];
    try {
      isShown = await this.refresh();
    } catch (error) {
      this.version = "none";
      problem = error;
    }
    this.saved(problem);
    return isShown;
  }

  async #everything() {
    if (await this.#around()) this.frames.renew(this.#asked());
  }

  #connect() {
    this.leave();
    let isNew = true;
    this.leave = listen(
      { issue: this.issue, profession: this.profession },
      {
        rendered: ({ version }) => { this.version = version; find("#problems").replaceChildren(); this.frames.renew(this.#asked()); this.saved(); },
        checked: () => this.#everything(),
        broken: () => { this.frames.stir(false); return this.#around(); },
        hello: ({ version }) => {
          // As on the issue's page: a studio that has not read the issue yet has nothing newer.
          const knows = version || !isNew || this.version === "none";
          isNew = false;
          if (knows && this.version && String(version) !== String(this.version)) this.#everything();
        },
        saving: () => this.frames.stir(),
      },
      sign,
    );
  }
}
