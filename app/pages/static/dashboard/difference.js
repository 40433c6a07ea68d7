// @ts-check
/** A difference of rewards with its interval, around no difference. */

import { make, put } from "./text.js";

const THOUSAND = 1000;
const ROOM = 1.15;
/** @param {number} value  rewards of one */
const signed = (value) => `${value > 0 ? "+" : value < 0 ? "\u2212" : ""}${Math.abs(THOUSAND * value).toFixed(1)}`;

/**
 * Draw the interval on a scale that has no difference in its middle.
 * @param {HTMLElement} drawing
 * @param {{difference: number, interval: number[]}} found  rewards of one of them
 * @param {string} each  what the reward is of, such as viewers
 */
export function drawDifference(drawing, { difference, interval: [low, high] }, each) {
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
  put(figures, `${signed(difference)} rewards for each 1,000 ${each} (${signed(low)} to ${signed(high)})`);
}
