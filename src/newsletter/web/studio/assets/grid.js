// All professions: each frame is drawn anew after a save, those out of sight when they come into sight.
import { keys } from "/assets/keys.js";
import { listen } from "/assets/live.js";

const leave = listen({ issue: document.body.dataset.issue }, { checked: () => location.reload() });
addEventListener("pagehide", leave);
keys(document.body.dataset.issue);
