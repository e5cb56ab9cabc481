// What saving changes, as the server tells it. The browser connects again by itself when the studio was restarted.

export function listen(query, handlers, tell = () => {}) {
  const source = new EventSource(`/events?${new URLSearchParams(query)}`);
  source.onopen = () => tell("on");
  source.onerror = () => tell("off");
  for (const [kind, handler] of Object.entries(handlers)) {
    source.addEventListener(kind, (event) => handler(JSON.parse(event.data)));
  }
  return () => source.close();
}
