// The email's frame. It has no origin and runs no script, so nobody can ask it how tall it is: a twin that is not seen
// measures the same page. The page around the frame scrolls, so a new frame takes an old one's place without a jump.
// After a save the twin is given the new email as text: it is drawn there at once, is seen meanwhile, and hides again
// when the frame without scripts has loaded it too. An email that is seen makes room for nothing but another one.

const PATIENCE = 3000; // ms for the twin to answer
const COVERED = 150; // ms for a loaded frame to be painted

// A frame that has only loaded is white for a moment. What lies under the twin has time.
function painted(is_covered) {
  return new Promise((done) => {
    setTimeout(done, COVERED);
    if (!is_covered) requestAnimationFrame(() => requestAnimationFrame(done));
  });
}

// What a browser says itself when nobody answers, or a refusal, is no email.
function isAnswered(address) {
  return (performance.getEntriesByName(address).at(-1)?.responseStatus ?? 200) === 200;
}

export class Frames {
  constructor(place, measured) {
    this.place = place;
    this.measured = measured;
    this.places = {};
    this.round = 0;
    addEventListener("message", (event) => this.#heard(event));
  }

  async show(query) {
    const { address, look } = this.#asked(query);
    const round = this.#begin();
    const same = look === this.look && this.height > 0 && this.place.querySelector("iframe.shown") !== null;
    // Another look waits for its twin, which only answers for an email; the old height is no such answer.
    if (same && !(await fetch(address).catch(() => null))?.ok) return;
    if (round !== this.round) return;
    this.twin?.remove();
    this.html = "";
    this.look = look;
    if (!same) this.height = 0;
    this.answers = false;
    this.isPainted = false;
    this.twin = this.#frame(`${address}&measure`, "twin", "allow-scripts", `${this.#title}, measured`);
    this.twin.inert = true;
    this.#load(address);
    // Two pages at once take twice as long to come: at the old height the email is there first.
    if (!same) this.next.before(this.twin);
  }

  // The email as it is now, in the place of what is shown of it; with `marks`, where its findings are as well.
  async renew(query, marks = false) {
    const { address, look } = this.#asked(query);
    if (look !== this.look || !this.answers) return this.show(query);
    const round = this.#begin();
    const asked = [address, ...(marks ? [`${address}&marked`] : [])].map((one) => fetch(one));
    let answers, texts;
    try {
      answers = await Promise.all(asked);
      texts = await Promise.all(answers.map((one) => one.text()));
    } catch {
      answers = []; // The studio is gone, which the page says already.
    }
    if (round !== this.round) return;
    if (!answers.length || answers.some((one) => !one.ok)) return this.stir(false); // What was last good stays.
    this.fresh = texts[0] === this.html ? null : { address, html: texts[0] };
    if (!this.fresh && !marks) return this.#renewed();
    this.late = setTimeout(() => this.show(query), PATIENCE);
    if (this.fresh) this.stir();
    this.#tellTwin({ kind: "renewed", html: texts.at(-1), round });
  }

  // A save is being rendered: a frame that is as large as what it will cover is drawn without delay.
  stir(is_on = true) {
    if (!this.answers || this.twin.classList.contains("fresh")) return;
    if (is_on && !this.twin.classList.contains("ready")) this.#tellTwin({ kind: "paint" });
    if (is_on) this.twin.classList.add("ready");
    else this.#lower();
  }

  spot(number) {
    this.place.querySelector(".spot")?.remove();
    const found = this.places[number];
    if (!found) return null;
    const [left, top, width, height] = found;
    const spot = document.createElement("div");
    spot.className = "spot";
    Object.assign(spot.style, { left: `${left - 4}px`, top: `${top - 4}px`, width: `${width + 8}px`, height: `${height + 8}px` });
    this.place.append(spot);
    setTimeout(() => spot.remove(), 4000);
    return spot;
  }

  get #title() {
    return this.place.dataset.title ?? "The email";
  }

  #asked(query) {
    const { version, ...look } = query;
    return { address: `${this.place.dataset.frame}?${new URLSearchParams(query)}`, look: JSON.stringify(look) };
  }

  // What the twin was asked before is no longer waited for.
  #begin() {
    clearTimeout(this.late);
    this.raise = null;
    this.round += 1;
    return this.round;
  }

  #load(address) {
    this.next?.remove();
    this.loaded = false;
    const next = this.#frame(address, "next", "", this.#title);
    next.addEventListener("load", async () => {
      if (!isAnswered(next.src)) return;
      await painted(this.twin.classList.contains("fresh"));
      this.loaded = next === this.next;
      if (this.loaded) this.#swap();
    });
    this.next = next;
    this.place.append(next);
  }

  #frame(address, kind, sandbox, title) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", sandbox);
    frame.className = kind;
    frame.title = title;
    frame.src = address;
    if (kind === "twin") frame.setAttribute("aria-hidden", "true");
    return frame;
  }

  #heard(event) {
    if (!this.twin || event.source !== this.twin.contentWindow) return;
    const { kind, round, places } = event.data ?? {};
    if (kind === "painted") {
      this.isPainted = this.twin.classList.contains("ready");
      this.raise?.();
    }
    if (kind !== "measured") return;
    this.answers = true;
    // Of an email of before, or at a height that is not its own.
    if (round ? round !== this.round : this.twin.classList.contains("ready")) return;
    this.height = Math.min(Math.max(Number(event.data.height) || 0, 40), 60000);
    this.places = places ?? {};
    if (round) this.#renewed();
    else this.#swap();
  }

  #renewed() {
    clearTimeout(this.late);
    if (!this.fresh) {
      this.place.style.height = `${this.height}px`;
      if (!this.next) this.stir(false);
      this.measured(this.height);
      return;
    }
    const { address, html } = this.fresh;
    this.raise = () => {
      clearTimeout(this.late);
      this.raise = null;
      this.html = html;
      this.place.style.height = `${this.height}px`;
      this.place.querySelector(".spot")?.remove();
      this.twin.classList.add("ready", "fresh");
      this.measured(this.height);
      this.#load(address);
    };
    this.fresh = null;
    if (this.isPainted) return this.raise();
    // The frame of an earlier save may have come meanwhile, and the twin was lowered for it.
    this.stir();
    this.late = setTimeout(() => this.raise?.(), COVERED);
  }

  #lower() {
    if (!this.twin?.classList.contains("ready")) return;
    this.twin.classList.remove("ready", "fresh");
    this.isPainted = false;
    // At the twin's own height an email that is as tall as its window is as tall as it must be.
    this.#tellTwin({ kind: "measure" });
  }

  #tellTwin(message) {
    this.twin.contentWindow.postMessage(message, "*");
  }

  #swap() {
    if (!this.height) return;
    if (!this.next) {
      this.place.style.height = `${this.height}px`;
      this.measured(this.height);
      return;
    }
    if (!this.loaded) return;
    this.place.style.height = `${this.height}px`;
    const next = this.next;
    this.next = null;
    next.className = "shown";
    for (const old of this.place.querySelectorAll("iframe:not(.twin), .waiting, .spot")) if (old !== next) old.remove();
    if (this.twin && !this.twin.isConnected) this.place.append(this.twin);
    this.#lower();
    this.measured(this.height);
  }
}
