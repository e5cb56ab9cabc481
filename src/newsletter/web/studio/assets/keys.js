// The keys of the pages around an issue: to the others, and what keys there are.

// What had the focus in a dialog that has just been closed has it until the page is drawn again: keys are the page's.
export function isTyping({ target }) {
  const dialog = target.closest("dialog");
  return dialog ? dialog.open : target.closest("input, textarea, select") !== null;
}

export function keys(issue, more = {}) {
  const help = document.querySelector("#help");
  const to = (path) => () => location.assign(`/issues/${issue}${path}`);
  const all = { e: to(""), b: to("/compose"), g: to("/all"), x: to("/compare"), "?": () => help.showModal(), ...more };
  document.querySelector("#help-open").addEventListener("click", () => help.showModal());
  document.querySelector("#help-close").addEventListener("click", () => help.close());
  addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = all[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
