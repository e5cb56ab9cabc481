// Where a block can be put: the gaps between blocks, found by pointer or gone through by keyboard, and the line that
// marks one. A gap is a list of the page and a number in it; lists inside the block that moves are none.

export class Gaps {
  constructor(place, block) {
    this.place = place;
    this.block = block;
    this.all = [];
    for (const list of place.querySelectorAll("ol[data-list]")) {
      if (!list.parentElement.closest("ol[data-list]")) this.#walk(list);
    }
    this.home = this.all.findIndex((gap) => gap.home);
    this.at = this.home;
    this.mark = document.createElement("div");
    this.mark.className = "gap-mark";
    place.append(this.mark);
    block.classList.add("moving");
    this.show();
  }

  get gap() {
    return this.all[this.at];
  }

  step(by) {
    const next = this.at + by;
    if (next < 0 || next >= this.all.length) return false;
    this.at = next;
    this.show(true);
    return true;
  }

  near(x, y) {
    let best = Infinity;
    for (const [number, gap] of this.all.entries()) {
      const box = gap.list.getBoundingClientRect();
      const aside = Math.max(box.left - x, 0, x - box.right);
      const distance = Math.abs(this.#height(gap) - y) + aside * 4;
      if (distance < best) {
        best = distance;
        this.at = number;
      }
    }
    this.show();
  }

  show(scroll = false) {
    const { gap } = this;
    const outer = this.place.getBoundingClientRect();
    const box = gap.list.getBoundingClientRect();
    Object.assign(this.mark.style, {
      left: `${box.left - outer.left + this.place.scrollLeft}px`,
      top: `${this.#height(gap) - outer.top + this.place.scrollTop - 2}px`,
      width: `${box.width}px`,
    });
    if (scroll) this.mark.scrollIntoView({ block: "nearest" });
  }

  end() {
    this.mark.remove();
    this.block.classList.remove("moving");
  }

  words() {
    const { list, index } = this.gap;
    const others = [...list.children].filter((one) => one !== this.block);
    const before = [...list.children].slice(0, index).filter((one) => one !== this.block).length;
    return `${this.gap.home ? "Where it was: place" : "Place"} ${before + 1} of ${others.length + 1} in ${list.dataset.name}`;
  }

  #walk(list) {
    const blocks = [...list.children];
    const own = blocks.indexOf(this.block);
    for (let index = 0; index <= blocks.length; index++) {
      // The gaps above and below the block itself are the same place.
      if (own < 0 || index !== own + 1) this.all.push({ list, index, home: index === own });
      const block = blocks[index];
      if (block && block !== this.block) for (const inner of block.querySelectorAll(":scope > .block-columns ol[data-list]")) this.#walk(inner);
    }
  }

  #height({ list, index, home }) {
    const blocks = [...list.children];
    const box = list.getBoundingClientRect();
    if (!blocks.length) return box.top + box.height / 2;
    if (home) {
      const own = this.block.getBoundingClientRect();
      return own.top + own.height / 2;
    }
    if (index === blocks.length) return blocks[index - 1].getBoundingClientRect().bottom + 2;
    return blocks[index].getBoundingClientRect().top - 4;
  }
}

export const address = ({ list, index }) => `${list.dataset.list}.${index}`;
