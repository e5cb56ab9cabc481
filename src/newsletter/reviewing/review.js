"use strict";
// Width and colours of every mail. The page can be read without this.
(() => {
  const tools = document.querySelector(".tools");
  const DARK = /prefers-color-scheme\s*:\s*dark/g;
  const LIGHT = /prefers-color-scheme\s*:\s*light/g;
  const ALWAYS = "min-width:0px";
  const NEVER = "max-width:0px";
  const written = new Map();
  for (const frame of document.querySelectorAll(".mail iframe")) written.set(frame, frame.srcdoc);

  const chosen = (name) => tools.querySelector(`input[name=${name}]:checked`).value;
  const wear = (frame) => {
    const dark = chosen("scheme") === "dark";
    const html = written.get(frame).replace(DARK, dark ? ALWAYS : NEVER).replace(LIGHT, dark ? NEVER : ALWAYS);
    frame.style.colorScheme = dark ? "dark" : "light";
    frame.style.background = dark ? "#121212" : "#fff";
    if (frame.srcdoc !== html) frame.srcdoc = html;
  };
  const apply = () => {
    document.documentElement.style.setProperty("--mail", `${chosen("width")}px`);
    // A phone is narrow enough to show a phone's mail as it is; wider ones keep their width and are scrolled.
    document.documentElement.classList.toggle("exact", chosen("width") !== "375");
    for (const mail of document.querySelectorAll("details.mail[open]")) wear(mail.querySelector("iframe"));
  };
  tools.hidden = false;
  tools.addEventListener("change", apply);
  for (const mail of document.querySelectorAll("details.mail")) mail.addEventListener("toggle", apply);
  if (window.matchMedia("(prefers-color-scheme: dark)").matches) tools.querySelector("[value=dark]").checked = true;
  if (window.matchMedia("(max-width: 40rem)").matches) tools.querySelector("[value='375']").checked = true;
  apply();
})();
