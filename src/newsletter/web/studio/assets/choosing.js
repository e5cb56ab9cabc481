// The two questions of composing: what to add, and who reads a block. Each answer names the file as it was seen when the
// question was asked.

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const filled = (name) => find(`template[data-${name}]`).content.cloneNode(true);

export function questions(file, edit) {
  function add(gap) {
    const dialog = find("#adding");
    dialog.dataset.gap = gap;
    dialog.dataset.seen = file.seen;
    const kinds = find("#adding-kinds");
    kinds.replaceChildren(kinds.firstElementChild, filled("kinds"));
    find("#adding-file").hidden = true;
    dialog.showModal();
    const first = kinds.querySelector("input:not([disabled])");
    first.checked = true;
    first.focus();
    chooseKind(first);
  }

  function chooseKind(input) {
    const files = JSON.parse(input.dataset.files ?? "[]");
    find("#adding-file").hidden = !files.length;
    find("#adding-file select").replaceChildren(...files.map((one) => new Option(one, one)));
  }

  function added() {
    const dialog = find("#adding");
    const chosen = dialog.querySelector("input:checked");
    dialog.close();
    edit({ do: "add", seen: dialog.dataset.seen, gap: dialog.dataset.gap, kind: chosen.value, file: find("#adding-file select").value }, { hook: "handle" });
  }

  function aim(block) {
    const dialog = find("#targeting");
    Object.assign(dialog.dataset, { place: block.dataset.place, seen: file.seen });
    find("#targeting-what").textContent = block.dataset.name;
    const people = find("#targeting-people");
    people.replaceChildren(people.firstElementChild, filled("people"));
    const chosen = block.querySelector("[data-target]").dataset.target.split(" ").filter(Boolean);
    const boxes = [...people.querySelectorAll("input")];
    for (const one of boxes) one.checked = chosen.includes(one.value);
    find("#targeting-search").hidden = boxes.length < 13;
    find("#targeting-search input").value = "";
    dialog.showModal();
    (boxes.find((one) => one.checked) ?? boxes[0]).focus();
  }

  function aimed(everybody) {
    const dialog = find("#targeting");
    const chosen = everybody ? [] : [...dialog.querySelectorAll("input:checked")].map((one) => one.value);
    dialog.close();
    edit({ do: "target", seen: dialog.dataset.seen, source: dialog.dataset.place, for: chosen.join(" ") }, { hook: "target" });
  }

  find("#adding-kinds").addEventListener("change", (event) => chooseKind(event.target));
  find("#adding-kinds").addEventListener("dblclick", added);
  find("#adding form").addEventListener("submit", (event) => { event.preventDefault(); added(); });
  find("#targeting-all").addEventListener("click", () => aimed(true));
  find("#targeting form").addEventListener("submit", (event) => { event.preventDefault(); aimed(false); });
  find("#targeting-search input").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase();
    for (const one of all(".person")) one.hidden = !one.textContent.toLowerCase().includes(words);
  });

  return { add, aim };
}
