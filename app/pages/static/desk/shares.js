// @ts-check
// The share of each picture in what a group was shown, day by day: a chart, and the same numbers as a table.

import { get } from "./calls.js";
import { attempt, element, find } from "./elements.js";
import { counted, percent } from "./numbers.js";
import { GROUPS } from "./rates.js";

/** @typedef {{exposures: number[], share: (number | null)[]}} Shares @typedef {{id: string, name: string, shares: Shares, shown: number}} Row */

const DAYS = 90;
const FEWEST = 14;
const HEIGHT = 240;
const MOST = 16;
const COLOURS = ["#ffb454", "#6fb7ff", "#c9a0ff", "#7bd88f", "#ff9b8f", "#f2f4f8", "#5eead4", "#f9a8d4"];
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

export class SharesOverTime {
  /** @param {string} title */
  constructor(title) {
    this.title = title;
    this.select = find("#shares-group");
    this.asked = 0;
    this.first = 0;
    /** @type {any} */ this.chart = null;
    this.select.addEventListener("change", () => attempt(() => this.#draw()));
  }

  /** Ask for the shares, and show them with the names of the pictures. @param {any} title */
  show(title) {
    const mine = ++this.asked;
    const query = new URLSearchParams({ title: this.title, days: String(DAYS) });
    return attempt(
      async () => {
        const report = await get(`report/shares?${query}`);
        if (mine !== this.asked) return;
        this.report = report;
        this.first = firstOf(report);
        this.names = new Map(title.artworks.map((/** @type {any} */ each) => [each.id, each.name || each.id]));
        this.#offer();
        await this.#draw();
      },
      (sentence) => (find("#shares-note").textContent = sentence),
    );
  }

  /** Offer the groups that were shown the title, and keep the choice. */
  #offer() {
    const shown = Object.entries(GROUPS).filter(([group]) => this.report.artworks.some((/** @type {any} */ each) => group in each.groups));
    const before = this.select.value;
    this.select.replaceChildren(...shown.map(([group, name]) => element("option", { value: group }, name)));
    if (shown.some(([group]) => group === before)) this.select.value = before;
    find("#shares").hidden = !shown.length;
  }

  async #draw() {
    const { report } = this;
    const rows = this.#rows();
    find("#shares-note").textContent = note(report, rows);
    if (!rows.length) return;
    const { LineChart } = await import("../line_chart.js"); // only for titles with numbers
    this.chart ??= new LineChart(find("#shares-chart"), { height: HEIGHT, told: percent, when: (/** @type {number} */ each) => DAY.format(1000 * each) });
    const drawn = rows.slice(0, MOST);
    const times = report.days.map((/** @type {string} */ day) => Date.parse(day) / 1000);
    this.chart.show(times.slice(this.first), drawn.map(({ name, shares }, at) => ({ name, ...look(at), values: shares.share.slice(this.first) })));
    find("#shares-legend").replaceChildren(...drawn.map(legend));
    find("#shares-table").replaceChildren(head(rows), body(rows, report.days));
  }

  /** The pictures that the chosen group was shown, the most shown first. @returns {Row[]} */
  #rows() {
    const group = this.select.value;
    const found = this.report.artworks.filter((/** @type {any} */ each) => each.groups[group]);
    const rows = found.map((/** @type {any} */ { artwork, groups }) => ({
      id: artwork,
      name: this.names?.get(artwork) ?? `${artwork} (deleted)`,
      shares: groups[group],
      shown: groups[group].exposures.reduce((/** @type {number} */ sum, /** @type {number} */ each) => sum + each, 0),
    }));
    return rows.sort((/** @type {Row} */ one, /** @type {Row} */ other) => other.shown - one.shown);
  }
}

/** Return where the chart begins: on the day before the first showing, and at least two weeks ago. @param {any} report */
function firstOf({ days, artworks }) {
  const all = artworks.flatMap((/** @type {any} */ each) => /** @type {Shares[]} */ (Object.values(each.groups)));
  const first = days.findIndex((/** @type {string} */ _day, /** @type {number} */ at) => all.some(({ exposures }) => exposures[at]));
  return Math.max(0, Math.min(first - 1, days.length - FEWEST));
}

/** @param {any} report @param {Row[]} rows */
function note({ days, kept }, rows) {
  if (!kept) return "There are no shares by day yet. The service keeps them for the 1,000 titles of each day that were shown most.";
  const drawn = rows.length > MOST ? ` The chart has the ${MOST} pictures that were shown most; the table has all.` : "";
  return `The share of each picture in what the group was shown of this title, by day in UTC, for the last ${days.length} days.${drawn}`;
}

/** @param {number} at */
function look(at) {
  return { colour: COLOURS[at % COLOURS.length], dashed: at >= COLOURS.length };
}

/** @param {Row} row @param {number} at */
function legend({ name, shown }, at) {
  const mark = element("i", { "aria-hidden": "true" });
  mark.style.background = look(at).colour;
  return element("li", {}, mark, `${name}: shown ${counted(shown)} times`);
}

/** @param {Row[]} rows */
function head(rows) {
  return element("thead", {}, element("tr", {}, ...["Day", ...rows.map(({ name }) => name)].map((name) => element("th", { scope: "col" }, name))));
}

/** The newest day comes first; days on which nothing was shown are left out. @param {Row[]} rows @param {string[]} days */
function body(rows, days) {
  const lines = days.map((day, at) => {
    if (!rows.some(({ shares }) => shares.exposures[at])) return null;
    const cells = rows.map(({ shares }) => element("td", {}, `${percent(shares.share[at] ?? 0)} of ${counted(total(rows, at))}`));
    return element("tr", {}, element("th", { scope: "row" }, day), ...cells);
  });
  return element("tbody", {}, ...lines.reverse().flatMap((line) => line ?? []));
}

/** @param {Row[]} rows @param {number} at */
function total(rows, at) {
  return rows.reduce((sum, { shares }) => sum + shares.exposures[at], 0);
}
