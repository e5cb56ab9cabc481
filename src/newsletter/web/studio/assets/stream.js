// One stream of the studio's events for any number of pages. It goes on by itself when the studio was stopped for a
// while, or was started again and its new link has been opened.

const KINDS = ["hello", "saving", "rendered", "checked", "broken", "changed"];
const PAUSE = 1000; // ms between two tries
const PATIENCE = 5000; // ms for the studio to answer
const ASKED = "/assets/icon.svg"; // the smallest thing that is answered with the key alone

export class Stream {
  constructor() {
    this.pages = new Set();
    this.state = "";
  }

  // `tell` hears each event for the issue and profession as a kind and what belongs to it; `state` is "on", "off", or
  // "anew" when the studio wants another key. Answers what ends it.
  join({ issue = "", profession = "" }, tell) {
    const page = { issue, profession, tell, greeted: false };
    this.pages.add(page);
    if (this.state && this.state !== "on") tell("state", this.state);
    this.#soon();
    return () => {
      if (this.pages.delete(page)) this.#soon();
    };
  }

  // A page that looks at something else leaves and comes in one go.
  #soon() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.#open());
  }

  // What the pages look at now is asked for. What was asked before is heard until the answer comes: nothing is missed.
  #open() {
    clearTimeout(this.later);
    this.next?.close();
    this.next = null;
    if (!this.pages.size) {
      this.#close();
      return;
    }
    const looks = new Set([...this.pages].map(({ issue, profession }) => `${new URLSearchParams({ issue, profession })}`));
    const source = new EventSource(`/events?${[...looks].join("&")}`);
    this.next = source;
    source.onopen = () => {
      this.source?.close();
      [this.source, this.next] = [source, null];
      this.#say("on");
    };
    source.onerror = () => this.#lost();
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (source === this.source) this.#pass(kind, JSON.parse(event.data));
      });
    }
  }

  #close() {
    this.source?.close();
    this.next?.close();
    this.source = this.next = null;
  }

  #lost() {
    this.#close();
    for (const page of this.pages) page.greeted = false;
    this.#ask();
  }

  async #ask() {
    const answer = await fetch(ASKED, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
    if (this.source || this.next || !this.pages.size) return;
    if (!answer?.ok) this.#say(answer?.status === 401 ? "anew" : "off");
    clearTimeout(this.later);
    this.later = setTimeout(() => (answer?.ok ? this.#open() : this.#ask()), PAUSE);
  }

  #say(state) {
    this.state = state;
    for (const page of this.pages) page.tell("state", state);
  }

  #pass(kind, content) {
    for (const page of [...this.pages]) {
      const elsewhere = content.issue !== undefined && content.issue !== page.issue;
      if (elsewhere || (content.profession && content.profession !== page.profession)) continue;
      // Said again for a page that has come: the others know.
      if (kind === "hello" && page.greeted) continue;
      if (kind === "hello") page.greeted = true;
      page.tell(kind, content);
    }
  }
}
