// @ts-check
/** The alarms, each with its remedy. An unchanged list is not touched, so that a screen reader says it once. */

import { find, make } from "./text.js";

const GUIDE = "guide/operations.md#";
let shown = "";

/** @param {{name: string, says: string, remedy: string, see: string}[]} alarms */
export function showAlarms(alarms) {
  const text = JSON.stringify(alarms.map(({ name, says }) => [name, says]));
  if (text === shown) return;
  shown = text;
  find("#alarms").replaceChildren(...(alarms.length ? alarms.map(alarm) : [make("p", "No alarms.", { class: "calm" })]));
  document.title = `${alarms.length ? `(${alarms.length}) ` : ""}Dashboard · Keyart`;
}

function alarm({ name, says, remedy, see }) {
  const box = make("div", "", { class: "alarm" });
  const remedies = make("p", `${remedy} `);
  remedies.append(make("a", "Read more in the guide", { href: GUIDE + see, "aria-label": `Read more in the guide about ${name}` }));
  box.append(make("strong", says), remedies);
  return box;
}
