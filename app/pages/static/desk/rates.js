// @ts-check
// The table that compares a title's pictures: how often each group saw each of them, and what viewers did then.

import { drawn } from "./drawing.js";
import { element, find } from "./elements.js";
import { counted, percent } from "./numbers.js";

/** @typedef {{exposures: number, clicks: number, plays: number, rate: number | null, click_rate: number | null, interval: number[] | null}} Rates */

/** The groups in the order of the columns, with their names for people. */
export const GROUPS = {
  personalized: "Personalized",
  best_single: "Best single",
  uniform: "Uniform",
  default: "Default",
  canary: "Canary",
  pinned: "Pinned",
  anonymous: "Logged out",
};
const WIDTH = 100;

/** @param {HTMLTableElement} table @param {any} title @param {any} report */
export function showRates(table, title, report) {
  const found = report.titles[title.id]?.artworks ?? {};
  const groups = Object.entries(GROUPS).filter(([group]) => report.groups[group]?.exposures);
  const names = new Map(title.artworks.map((/** @type {any} */ each) => [each.id, each.name || each.id]));
  const ids = [...names.keys(), ...Object.keys(found).filter((id) => !names.has(id))];
  const most = Math.max(0.001, ...ids.map((id) => found[id]?.interval?.[1] ?? 0));
  find("#rates-note").textContent = note(report, groups.length > 0);
  table.replaceChildren();
  if (groups.length) table.append(head(groups.map(([, name]) => name)), body(ids.map((id) => row(id, names.get(id) ?? `${id} (deleted)`, found, groups, report, most))));
}

/** @param {any} report @param {boolean} any */
function note(report, any) {
  const wait = report.rules.window_seconds;
  if (!any) return `Nobody saw a picture of this title yet. An impression is counted when its reward window of ${wait} seconds is over.`;
  return `The bars are intervals: the true click rate lies within them ${percent(report.confidence)} of the time. A share is that of the group’s impressions of this title. Impressions of bots are left out.`;
}

/** @param {string[]} groups */
function head(groups) {
  const words = ["Picture", "Impressions", "Click rate", "Interval", "Reward", ...groups.map((name) => `Share: ${name}`)];
  return element("thead", {}, element("tr", {}, ...words.map((word) => element("th", { scope: "col" }, word))));
}

/** @param {HTMLElement[]} rows */
const body = (rows) => element("tbody", {}, ...rows);

/** @param {string} id @param {string} name @param {any} found @param {[string, string][]} groups @param {any} report @param {number} most */
function row(id, name, found, groups, report, most) {
  /** @type {Rates | undefined} */ const rates = found[id];
  const shares = groups.map(([group]) => percent((found[id]?.groups[group]?.exposures ?? 0) / report.groups[group].exposures));
  const interval = rates?.interval ? [bar(rates.interval, rates.click_rate ?? 0, most), ` ${rates.interval.map(percent).join(" to ")}`] : ["none yet"];
  return element(
    "tr",
    { "data-artwork": id },
    element("th", { scope: "row" }, name),
    element("td", {}, counted(rates?.exposures ?? 0)),
    element("td", {}, percent(rates?.click_rate ?? null)),
    element("td", {}, ...interval),
    element("td", {}, rates?.rate == null ? "–" : rates.rate.toFixed(3)),
    ...shares.map((share) => element("td", {}, share)),
  );
}

/** Draw an interval on a scale that all rows share. @param {number[]} interval @param {number} rate @param {number} most */
function bar([low, high], rate, most) {
  const at = (/** @type {number} */ share) => String((share / most) * WIDTH);
  return drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} 10`, class: "interval", "aria-hidden": "true", preserveAspectRatio: "none" },
    drawn("rect", { x: at(low), y: "2", width: at(high - low), height: "6" }),
    drawn("rect", { x: at(rate), y: "0", width: "1", height: "10", class: "rate" }),
  );
}
