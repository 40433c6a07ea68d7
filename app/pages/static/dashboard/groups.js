// @ts-check
/** The rates of the groups. */

import { fill, row, scaleOf } from "./rates.js";
import { find, make } from "./text.js";

const MEANINGS = {
  personalized: "a picture chosen for the viewer",
  best_single: "one picture for everybody",
  uniform: "any picture, by chance",
  default: "the editor's picture",
  canary: "chosen by the candidate learner that is tried out",
  pinned: "pinned by an editor; outside the lift",
  anonymous: "not logged in, or opted out; outside the lift",
  bot: "bots that say so; outside the lift",
};
const ALWAYS = ["personalized", "best_single"];
/** @type {Map<string, HTMLElement>} */
const rows = new Map();

export function showGroups({ groups }) {
  find("#groups").hidden = false;
  const shown = Object.entries(groups).filter(([group, rates]) => rates.exposures || ALWAYS.includes(group));
  const scale = scaleOf(shown.map(([, rates]) => rates));
  for (const [group, rates] of shown) {
    if (!rows.has(group)) rows.set(group, begun(group));
    fill(rows.get(group), rates, scale);
  }
}

/** @param {string} group */
function begun(group) {
  const head = make("th", group, { scope: "row" });
  head.append(make("span", MEANINGS[group] ?? "", { class: "note" }));
  const line = row(head);
  find("#groups tbody").append(line);
  return line;
}
