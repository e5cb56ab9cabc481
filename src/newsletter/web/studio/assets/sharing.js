// In the worker that all pages of a browser share: one stream for all of them. It stays when any one page is closed.
import { Stream } from "/assets/stream.js";

const stream = new Stream();

addEventListener("connect", ({ ports: [port] }) => {
  let leave = () => {};
  port.onmessage = ({ data: look }) => {
    leave();
    if (look) leave = stream.join(look, (kind, content) => port.postMessage({ kind, content }));
    else port.close();
  };
});
