// 'As this subscriber': somebody is looked up by a part of their address, and chosen. Their address stands in no URL.
import { ask } from "/assets/asking.js";

export class Subscriber {
  // `changed` is told the word that stands for the person, and the profession they read as; both are empty for nobody.
  constructor(issue, changed) {
    this.issue = issue;
    this.changed = changed;
    this.dialog = document.querySelector("#as-dialog");
    this.field = document.querySelector("#as-field");
    this.list = document.querySelector("#as-found");
    this.told = document.querySelector("#as-told");
    document.querySelector("#as-open").addEventListener("click", () => this.open());
    document.querySelector("#as-close").addEventListener("click", () => this.dialog.close());
    document.querySelector("#as-end").addEventListener("click", () => this.end());
    document.querySelector("#as-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#enter();
    });
    this.dialog.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by && this.#step(document.activeElement, by)) event.preventDefault();
    });
    this.field.addEventListener("input", () => {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.#look(), 150);
    });
    this.list.addEventListener("click", (event) => {
      const chosen = event.target.closest("[data-address]");
      if (chosen) this.#choose(chosen.dataset.address);
    });
  }

  open() {
    if (document.querySelector("#as-open").disabled) return;
    this.dialog.showModal();
    this.field.select();
  }

  end() {
    this.clear();
    this.changed("", "");
  }

  clear() {
    document.querySelector("#as").hidden = true;
    document.querySelector("#as-open").setAttribute("aria-pressed", "false");
    this.address = "";
  }

  // From the field to the first one found, and from one to the next.
  #step(from, by) {
    const stops = [this.field, ...this.list.querySelectorAll("[data-address]")];
    const at = stops.indexOf(from);
    if (at < 0) return false;
    stops[Math.min(Math.max(at + by, 0), stops.length - 1)].focus();
    return true;
  }

  // The only one whose address holds what was typed, or the one whose address it is; of several, a person chooses.
  async #enter() {
    clearTimeout(this.waiting);
    const typed = this.field.value.trim();
    const found = await this.#look();
    if (!found || this.field.value.trim() !== typed) return;
    const meant = found.length === 1 ? found[0] : found.find((one) => one.address.toLowerCase() === typed.toLowerCase());
    if (meant) this.#choose(meant.address);
    else if (found.length) this.told.textContent = `${found.length} subscribers are listed. Choose one: the arrow keys and Enter, or type more of the address.`;
    else if (typed.includes("@")) this.#choose(typed);
  }

  // Whom it lists; nothing when something else was typed meanwhile, or the studio refused.
  async #look() {
    const part = this.field.value.trim();
    this.asked = part;
    if (!part) {
      this.list.replaceChildren();
      this.told.textContent = "";
      return null;
    }
    if (!this.list.children.length) this.told.textContent = "Looking…";
    try {
      const { found } = await ask(`/issues/${this.issue}/subscribers`, { part });
      if (this.asked !== part) return null;
      this.list.replaceChildren(...found.map(line));
      this.told.textContent = found.length ? "" : "Nobody has an address like this.";
      return found;
    } catch (problem) {
      this.told.textContent = problem.message;
      return null;
    }
  }

  async #choose(address) {
    clearTimeout(this.waiting);
    this.told.textContent = "Looking…";
    try {
      const { value: profession } = document.querySelector("#profession");
      const found = await ask(`/issues/${this.issue}/subscriber`, { address, profession });
      this.told.textContent = "";
      this.dialog.close();
      this.address = found.address;
      document.querySelector("#as-name").textContent = found.address;
      document.querySelector("#as").hidden = false;
      document.querySelector("#as-open").setAttribute("aria-pressed", "true");
      this.changed(found.reader, found.profession);
    } catch (problem) {
      this.told.textContent = problem.message;
    }
  }
}

// Texts are set, never parsed: addresses and titles are other people's.
function line({ address, profession, told }) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.address = address;
  const name = document.createElement("strong");
  name.textContent = address;
  const more = document.createElement("span");
  more.className = "quiet";
  more.textContent = [profession || "no profession", told].filter(Boolean).join(" · ");
  button.append(name, more);
  item.append(button);
  return item;
}
