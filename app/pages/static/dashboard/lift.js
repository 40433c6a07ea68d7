// @ts-check
/** The lift: its interval around no difference, its worth, and the warning that counts more than both. */

import { drawDifference } from "./difference.js";
import { count, find, put } from "./text.js";

/** Show the lift. @param {any} report  @returns {[string, boolean | null]} the answer in a word, and whether it is a good one */
export function showLift({ lift, experiment, warning, worth }) {
  put(find("#pays .warning"), warning);
  find("#pays .warning").hidden = !warning;
  put(find("#pays .worth"), worth);
  put(find("#pays .entered"), experiment ? entered(experiment) : "");
  const drawing = find("#pays .interval");
  drawing.hidden = !lift;
  if (!lift) return [warning ? "Not valid" : "Not known yet", warning ? false : null];
  drawDifference(drawing, lift, "viewers");
  if (warning) return ["Not valid", false];
  const [low, high] = lift.interval;
  return low > 0 ? ["Yes", true] : high < 0 ? ["No", false] : ["Not known yet", null];
}

/** @param {any} experiment */
function entered({ began, ended, groups }) {
  const all = Object.values(groups);
  const over = all.reduce((sum, group) => sum + group.profiles, 0);
  const open = all.reduce((sum, group) => sum + group.open, 0);
  const until = ended ? `to ${ended.slice(0, 10)}` : "and goes on";
  return `The experiment began on ${began.slice(0, 10)} ${until}: ${count(over)} viewers counted, ${count(open)} still in their first days.`;
}
