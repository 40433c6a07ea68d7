// @ts-check
/** What to do next with a new service; gone when all of it is done. */

import { find, make } from "./text.js";

let shown = "";

/** @param {{says: string, done: boolean, do: string}[]} steps */
export function showSteps(steps) {
  find("#steps").hidden = steps.every((step) => step.done);
  const text = JSON.stringify(steps);
  if (text === shown) return;
  shown = text;
  find("#steps ol").replaceChildren(...steps.map(step));
}

function step({ says, done, do: how }) {
  const item = make("li", "", { class: done ? "done" : "open" });
  item.append(make("span", says), make("span", done ? " Done." : ` ${how}`, { class: "note" }));
  return item;
}
