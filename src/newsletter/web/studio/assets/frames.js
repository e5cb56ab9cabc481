// The email's frame. It has no origin and runs no script, so nobody can ask it how tall it is: a twin that is not seen
// measures the same page. The page around the frame scrolls, so a new frame takes an old one's place without a jump.
// After a save it does so at the old one's height, and the twin follows: two pages at once take twice as long to come.

export class Frames {
  constructor(place, measured) {
    this.place = place;
    this.measured = measured;
    this.places = {};
    addEventListener("message", (event) => this.#heard(event));
  }

  show(query) {
    const address = `${this.place.dataset.frame}?${new URLSearchParams(query)}`;
    const title = this.place.dataset.title ?? "The email";
    this.next?.remove();
    this.twin?.remove();
    const { version, ...look } = query;
    const same = JSON.stringify(look) === this.look && this.place.querySelector("iframe.shown") !== null;
    this.look = JSON.stringify(look);
    if (!same) this.height = 0;
    this.next = this.#frame(address, "next", "", title);
    this.twin = this.#frame(`${address}&measure`, "twin", "allow-scripts", `${title}, measured`);
    this.twin.inert = true;
    this.loaded = false;
    this.next.addEventListener("load", () => {
      this.loaded = true;
      this.#swap();
    });
    this.place.append(...(same ? [] : [this.twin]), this.next);
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
    if (!this.twin || event.source !== this.twin.contentWindow || event.data?.kind !== "measured") return;
    this.height = Math.min(Math.max(Number(event.data.height) || 0, 40), 60000);
    this.places = event.data.places ?? {};
    this.#swap();
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
    this.measured(this.height);
  }
}
