// In the twin of the email's frame: how tall the email is and where its marked parts are; after a save the new email
// takes the old one's place here. What is as it was stays as it is, so pictures are not read again and nothing jumps.
// No script of an email runs: the policy allows this one alone, and what a DOMParser has made never runs.
(() => {
  document.currentScript.remove();

  const tell = (round = 0) => {
    const places = {};
    for (const one of document.querySelectorAll("[data-place]")) {
      const box = one.getBoundingClientRect();
      for (const number of one.dataset.place.split(" ")) {
        const [left, top] = [box.left + scrollX, box.top + scrollY];
        const [x, y, width, height] = places[number] ?? [left, top, box.width, box.height];
        const from = [Math.min(x, left), Math.min(y, top)];
        places[number] = [
          ...from, Math.max(x + width, left + box.width) - from[0], Math.max(y + height, top + box.height) - from[1],
        ];
      }
    }
    const root = document.documentElement;
    const height = Math.ceil(Math.max(root.getBoundingClientRect().height, document.body.scrollHeight));
    parent.postMessage({ kind: "measured", height, width: root.scrollWidth, places, round }, "*");
  };

  const become = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh);
      return;
    }
    for (const one of [...old.attributes]) if (!fresh.hasAttribute(one.name)) old.removeAttributeNode(one);
    for (const one of fresh.attributes) {
      if (old.getAttribute(one.name) !== one.value) old.setAttributeNode(one.cloneNode());
    }
    children(old, [...old.childNodes], [...fresh.childNodes]);
  };

  const children = (parent, was, now) => {
    const least = Math.min(was.length, now.length);
    let [start, end] = [0, 0];
    while (start < least && was[start].isEqualNode(now[start])) start += 1;
    while (end < least - start && was.at(-1 - end).isEqualNode(now.at(-1 - end))) end += 1;
    const [gone, come] = [was.slice(start, was.length - end), now.slice(start, now.length - end)];
    if (gone.length === come.length) {
      gone.forEach((one, at) => become(one, come[at]));
      return;
    }
    for (const one of gone) one.remove();
    for (const one of come) parent.insertBefore(one, was[was.length - end] ?? null);
  };

  // The second picture from now on begins when the first one, of this height, is there.
  const painted = () => {
    requestAnimationFrame(() => requestAnimationFrame(() => parent.postMessage({ kind: "painted" }, "*")));
  };

  const watched = new ResizeObserver(() => tell());
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    if (data?.kind === "measure") tell();
    if (data?.kind === "paint") painted();
    if (data?.kind !== "renewed") return;
    const fresh = new DOMParser().parseFromString(data.html, "text/html").documentElement;
    const { body } = document;
    try {
      become(document.documentElement, fresh);
    } catch {
      // A form can hide what its elements are asked for behind the names of its fields.
      document.documentElement.replaceWith(new DOMParser().parseFromString(data.html, "text/html").documentElement);
    }
    if (document.body !== body) {
      watched.disconnect();
      watched.observe(document.body);
    }
    tell(data.round);
  });
  watched.observe(document.body);
  addEventListener("load", () => tell());
  tell();
})();
