// @ts-check
/** The lift: its interval around no difference, its worth, and the warning that counts more than both. */

import { count, find, make, put } from "./text.js";

const THOUSAND = 1000;
const ROOM = 1.15;
/** @param {number} value  rewards of a viewer */
const signed = (value) => `${value > 0 ? "+" : value < 0 ? "\u2212" : ""}${Math.abs(THOUSAND * value).toFixed(1)}`;

/** Show the lift. @param {any} report  @returns {[string, boolean | null]} the answer in a word, and whether it is a good one */
export function showLift({ lift, experiment, warning, worth }) {
  put(find("#pays .warning"), warning);
  find("#pays .warning").hidden = !warning;
  put(find("#pays .worth"), worth);
  put(find("#pays .entered"), experiment ? entered(experiment) : "");
  const drawing = find("#pays .interval");
  drawing.hidden = !lift;
  if (!lift) return [warning ? "Not valid" : "Not known yet", warning ? false : null];
  draw(drawing, lift);
  if (warning) return ["Not valid", false];
  const [low, high] = lift.interval;
  return low > 0 ? ["Yes", true] : high < 0 ? ["No", false] : ["Not known yet", null];
}

/** Draw the interval on a scale that has no difference in its middle. @param {HTMLElement} drawing @param {any} lift */
function draw(drawing, { difference, interval: [low, high] }) {
  if (!drawing.children.length) {
    const bar = make("span", "", { class: "bar from-zero", "aria-hidden": "true" });
    bar.append(make("span"), make("i"));
    drawing.append(bar, make("span", "", { class: "figures" }));
  }
  const [bar, figures] = drawing.children;
  const most = ROOM * Math.max(Math.abs(low), Math.abs(high)) || 1;
  const style = /** @type {HTMLElement} */ (bar).style;
  const place = (/** @type {number} */ value) => String((1 + value / most) / 2);
  style.setProperty("--low", place(low));
  style.setProperty("--high", place(high));
  style.setProperty("--rate", place(difference));
  put(figures, `${signed(difference)} rewards for each 1,000 viewers (${signed(low)} to ${signed(high)})`);
}

/** @param {any} experiment */
function entered({ began, ended, groups }) {
  const all = Object.values(groups);
  const over = all.reduce((sum, group) => sum + group.profiles, 0);
  const open = all.reduce((sum, group) => sum + group.open, 0);
  const until = ended ? `to ${ended.slice(0, 10)}` : "and goes on";
  return `The experiment began on ${began.slice(0, 10)} ${until}: ${count(over)} viewers counted, ${count(open)} still in their first days.`;
}
