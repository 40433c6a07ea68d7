// @ts-check
/** The feedback for each showing, by device and client release: a release that loses feedback is named. */

import { count, find, make, percent, put } from "./text.js";

const MOST = 30;
const SURE = 2.58; // standard deviations: both rates have their 99 % interval
const FAR = 0.5; // far under the others is less than this part of their rate
const KINDS = /** @type {const} */ (["impressions", "clicks"]);
const SVG = "http://www.w3.org/2000/svg";
const WIDE = 120;
const HIGH = 28;

let told = "";

/** @param {any} report */
export function showTracking({ series, left_off: leftOff }) {
  const found = series.filter(({ totals }) => totals.exposures);
  const warnings = found.map((each) => warning(each, found));
  const said = warnings.flatMap((each) => each);
  find("#tracking").hidden = !found.length;
  if (said.join() !== told) find("#lost").replaceChildren(...said.map((sentence) => make("li", sentence))); // a screen reader says it once
  told = said.join();
  const shown = found.slice(0, MOST);
  find("#tracking tbody").replaceChildren(...shown.map((each, at) => row(each, warnings[at].length > 0)));
  const more = found.length - shown.length + leftOff;
  put(find("#tracking-more"), more ? `${count(more)} more with fewer showings are left out.` : "");
}

/** Return a sentence for each kind of feedback of which a release has far less than the others on its device. @param {any} one @param {any[]} all */
function warning(one, all) {
  const others = all.filter((each) => each.device === one.device && each.release !== one.release);
  return KINDS.flatMap((kind) => {
    const [had, of] = [one.totals[kind], one.totals.exposures];
    const [theirs, shown] = [sum(others, kind), sum(others, "exposures")];
    if (!shown || interval(had, of)[1] >= FAR * interval(theirs, shown)[0]) return [];
    return [`${subject(one)} has far fewer ${kind} than the other releases there: ${percent(had / of)} of its showings have one, and ${percent(theirs / shown)} of theirs. Check whether it sends its ${kind}.`];
  });
}

/** Wilson's interval of a rate. @param {number} part @param {number} whole */
function interval(part, whole) {
  const [rate, square] = [part / whole, SURE ** 2];
  const centre = (rate + square / (2 * whole)) / (1 + square / whole);
  const half = (SURE * Math.sqrt((rate * (1 - rate)) / whole + square / (4 * whole ** 2))) / (1 + square / whole);
  return [Math.max(0, centre - half), centre + half];
}

/** @param {any[]} series @param {string} kind */
const sum = (series, kind) => series.reduce((total, { totals }) => total + totals[kind], 0);

/** @param {string} word */
const named = (word) => (word === "unknown" ? "not named" : word);

/** @param {any} one */
function subject({ release, device }) {
  const client = release === "unknown" ? "A client that names no release" : `Release ${release}`;
  return device === "unknown" ? `${client}, on a device that is not named,` : `${client} on ${device}`;
}

/** @param {any} one @param {boolean} lost */
function row(one, lost) {
  const { totals } = one;
  const line = make("tr", "", lost ? { class: "lost" } : {});
  const each = (/** @type {number} */ many) => make("td", percent(many / totals.exposures), { class: "number" });
  const head = make("th", named(one.device), { scope: "row" });
  const drawing = make("td");
  drawing.append(small(one));
  line.append(head, make("td", named(one.release), { class: "release" }), make("td", count(totals.exposures), { class: "number" }), each(totals.impressions), each(totals.clicks), each(totals.plays), drawing);
  if (lost) head.append(make("span", " far less feedback", { class: "flag" }));
  return line;
}

/** Draw the clicks for each showing over time; the numbers of all of it are in the cells before. @param {any} one */
function small({ clicks, exposures }) {
  const rates = exposures.map((/** @type {number} */ many, /** @type {number} */ at) => (many ? clicks[at] / many : null));
  const most = Math.max(0.001, ...rates.map((/** @type {number | null} */ each) => each ?? 0));
  const drawing = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "small", "aria-hidden": "true" });
  const step = WIDE / Math.max(1, rates.length - 1);
  /** @type {string[]} */ let path = [];
  const end = () => {
    if (path.length) drawing.append(drawn("path", { d: `M${path.join("L")}${path.length === 1 ? "h1" : ""}` }));
    path = [];
  };
  rates.forEach((/** @type {number | null} */ rate, /** @type {number} */ at) => {
    if (rate === null) end();
    else path.push(`${(at * step).toFixed(1)} ${(HIGH - 2 - (rate / most) * (HIGH - 4)).toFixed(1)}`);
  });
  end();
  return drawing;
}

/** @param {string} name @param {Record<string, string>} attributes */
function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
