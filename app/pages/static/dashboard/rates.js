// @ts-check
/** Rows of rates: counts, and the click rate with its interval as a bar and as text. */

import { count, decimal, make, percent, put } from "./text.js";

/** @param {{interval: number[] | null}[]} rates  @returns {number} the end of a scale on which all intervals fit */
export function scaleOf(rates) {
  const most = Math.max(0.01, ...rates.map((each) => (each.interval ? each.interval[1] : 0)));
  return Math.min(1, Math.ceil(most * 20) / 20);
}

/** Return a row with empty cells behind its head. @param {HTMLElement} head */
export function row(head) {
  const line = make("tr", "", { role: "row" }); // named, because a narrow screen shows it as a grid
  const cell = make("td", "", { class: "rate", role: "cell" });
  const number = (name) => make("td", "", { class: "number", role: "cell", "data-name": name });
  head.setAttribute("role", "rowheader");
  const bar = make("span", "", { class: "bar", "aria-hidden": "true" });
  bar.append(make("span"), make("i"));
  cell.append(bar, make("span", "", { class: "figures" }));
  line.append(head, number("Showings"), number("Clicks"), cell, number("Reward"));
  return line;
}

/** @param {HTMLElement} line @param {any} rates @param {number} scale */
export function fill(line, rates, scale) {
  const [, shown, clicks, rate, reward] = line.children;
  put(shown, count(rates.exposures));
  put(clicks, count(rates.clicks));
  put(reward, decimal(rates.rate));
  const [bar, figures] = rate.children;
  const [low, high] = rates.interval ?? [0, 0];
  put(figures, rates.interval ? `${percent(rates.click_rate)} (${percent(low)} to ${percent(high)})` : "no showing yet");
  const style = /** @type {HTMLElement} */ (bar).style;
  style.setProperty("--low", String(low / scale));
  style.setProperty("--high", String(high / scale));
  style.setProperty("--rate", String((rates.click_rate ?? 0) / scale));
  /** @type {HTMLElement} */ (bar).dataset.empty = String(!rates.interval);
}
