// What saving changes, as the server tells it. All pages of a browser hear one stream, in a worker that they share: a
// browser allows six connections to a server, and with one for each page the seventh would never be answered.
import { ANEW } from "/assets/fetching.js";
import { Stream } from "/assets/stream.js";

const WORDS = { on: "Live", off: "The studio does not answer", anew: ANEW };

// `handlers`: by kind of event. `hello` comes whenever a page begins to be heard, also after the studio was away.
export function listen(query, handlers, tell = () => {}) {
  const heard = (kind, content) => {
    if (kind === "state") tell(content);
    else handlers[kind]?.(content);
  };
  if (!globalThis.SharedWorker) return new Stream().join(query, heard);
  const worker = new SharedWorker("/assets/sharing.js", { type: "module" });
  const { port } = worker;
  let leave = () => {
    port.postMessage(null);
    port.close();
  };
  port.onmessage = ({ data }) => heard(data.kind, data.content);
  port.postMessage(query);
  worker.onerror = () => { leave = new Stream().join(query, heard); };
  return () => leave();
}

// For a page that is drawn as a whole: `changed` draws it anew; so does a studio that comes back, which may show more,
// or that has another state by now than the page was drawn from, if it says from which.
export function reload(query, changed) {
  const drawn = Number(document.body.dataset.version ?? 0);
  let hellos = 0;
  return listen(query, {
    [changed]: () => location.reload(),
    hello: ({ version }) => { if (hellos++ || (drawn && version !== drawn)) location.reload(); },
  });
}

// For the pages that say how it stands.
export function sign(state) {
  const live = document.querySelector("#live");
  live.className = `live ${state === "on" ? "on" : "off"}`;
  live.textContent = WORDS[state];
}
