// @ts-check
/** The chart of the reward by group with its intervals, and the same numbers as a table. */

import { coloured, LineChart } from "../line_chart.js";
import { count, decimal, find, make, put } from "./text.js";

const HEIGHT = 260;
/** The groups of the lift, and their colours. @type {Record<string, string>} */
const GROUPS = { personalized: "--accent", best_single: "--second", uniform: "--third", default: "--good" };
const hour = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const moment = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const DAY = 86_400;

export class RewardChart {
  constructor() {
    this.days = false;
    this.brief = true;
    this.chart = new LineChart(find("#chart-reward .chart"), {
      height: HEIGHT,
      told: (value) => String(Number(value.toFixed(3))),
      when: (seconds) => this.#when(seconds),
    });
  }

  /** @param {any} report @param {boolean} days */
  show(report, days) {
    const times = report.times.map((/** @type {string} */ each) => Date.parse(each) / 1000);
    this.days = days;
    this.brief = times.at(-1) - times[0] <= DAY;
    const found = report.series.filter(({ group }) => group in GROUPS).sort((one, other) => rank(one) - rank(other));
    find("#chart-reward").hidden = !found.length;
    find("#reward-numbers").hidden = !found.length;
    if (!found.length) return;
    this.chart.show(times, found.map((each) => ({ name: each.group, colour: coloured(GROUPS[each.group]), values: each.reward, intervals: each.interval })));
    legend(found);
    table(found, times.map((each) => this.#told(each)));
  }

  /** @param {number} seconds */
  #when(seconds) {
    return (this.brief ? hour : day).format(new Date(1000 * seconds));
  }

  /** @param {number} seconds */
  #told(seconds) {
    return (this.days ? day : moment).format(new Date(1000 * seconds));
  }
}

/** @param {{group: string}} series */
const rank = ({ group }) => Object.keys(GROUPS).indexOf(group);

function legend(found) {
  const items = found.map(({ group, totals }) => {
    const item = make("li");
    const mark = make("i", "", { "aria-hidden": "true" });
    mark.style.background = `var(${GROUPS[group]})`;
    item.append(mark, make("span", `${group} ${between(totals.reward, totals.interval)} in ${count(totals.exposures)} showings`));
    return item;
  });
  find("#chart-reward figcaption ul").replaceChildren(...items);
}

/** The newest step comes first. @param {any[]} found @param {string[]} times */
function table(found, times) {
  const head = make("tr");
  head.append(...["Begin", ...found.map(({ group }) => group)].map((name) => make("th", name, { scope: "col" })));
  const rows = times.map((when, at) => {
    const line = make("tr");
    line.append(make("th", when, { scope: "row" }), ...found.map((each) => make("td", each.exposures[at] ? `${between(each.reward[at], each.interval[at])}, ${count(each.exposures[at])} showings` : "–")));
    return line;
  });
  find("#reward-numbers thead").replaceChildren(head);
  find("#reward-numbers tbody").replaceChildren(...rows.reverse());
}

/** @param {number | null} mean @param {[number, number] | null} interval */
function between(mean, interval) {
  return interval ? `${decimal(mean)} (${decimal(interval[0])} to ${decimal(interval[1])})` : decimal(mean);
}
