// @ts-check
// The table that says which viewers get which picture: the probabilities of the policy by taste, country and device.

import { get } from "./calls.js";
import { attempt, element, find } from "./elements.js";
import { counted, percent } from "./numbers.js";

/** @typedef {{viewers: number, probabilities: Record<string, number>, value?: string | null}} Cell */

/** The dimensions, with their headings and the words for viewers without a value. */
const DIMENSIONS = { taste: ["What they like most", "no taste known yet"], country: ["Country", "no country known"], device: ["Device", "no device known"] };
let asked = 0;

/** Ask for the probabilities, which may take a second, and show them unless the title was shown again meanwhile. @param {string} path the title's @param {any} title */
export function showProbabilities(path, title) {
  const mine = ++asked;
  const note = find("#probabilities-note");
  return attempt(
    async () => {
      const found = await get(`${path}/probabilities`);
      if (mine !== asked) return;
      note.textContent = found.missing ?? explained(found);
      find("#probabilities").replaceChildren(...(found.missing ? [] : tableOf(found, title)));
    },
    (sentence) => (note.textContent = sentence || "The probabilities are being computed."),
  );
}

/** @param {any} found */
function explained({ viewers, pinned, excluded, fewest, snapshot }) {
  const apart = [pinned ? `${counted(pinned)} of them get a pinned picture and are left out.` : "", excluded ? `${counted(excluded)} may see no picture of this title and are left out.` : ""];
  return [
    `The probability with which the policy shows each picture now (snapshot ${snapshot}). It is the mean over ${counted(viewers)} viewers: the profiles that asked last for a picture of any title.`,
    ...apart,
    `Values with fewer than ${fewest} viewers are counted together as others, so that no number tells about a single person.`,
  ].filter(Boolean).join(" ");
}

/** @param {any} found @param {any} title */
function tableOf(found, title) {
  const ids = Object.keys(found.all).sort((one, other) => found.all[other] - found.all[one]);
  const names = new Map(title.artworks.map((/** @type {any} */ each) => [each.id, each.name || each.id]));
  const columns = ["Viewers", "Number", ...ids.map((id) => names.get(id) ?? id)];
  const head = element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name))));
  const everyone = element("tbody", {}, row("Everyone", { viewers: found.viewers, probabilities: found.all }, ids));
  return [head, everyone, ...Object.entries(DIMENSIONS).map(([name, [heading, none]]) => part(heading, none, found[name], ids))];
}

/** @param {string} heading @param {string} none @param {{values: Cell[], others: Cell | null}} dimension @param {string[]} ids */
function part(heading, none, { values, others }, ids) {
  const rows = values.map((cell) => row(cell.value ?? none, cell, ids));
  if (others) rows.push(row(values.length ? "others" : "all together, because each value has few viewers", others, ids));
  const title = element("tr", { class: "part" }, element("th", { scope: "rowgroup", colspan: String(ids.length + 2) }, heading));
  return element("tbody", { "data-by": heading }, title, ...rows);
}

/** @param {string} name @param {Cell} cell @param {string[]} ids */
function row(name, { viewers, probabilities }, ids) {
  const most = Math.max(...ids.map((id) => probabilities[id]));
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, name),
    element("td", {}, counted(viewers)),
    ...ids.map((id) => chance(probabilities[id], probabilities[id] === most)),
  );
}

/** @param {number} probability @param {boolean} most */
function chance(probability, most) {
  const text = element(most ? "strong" : "span", {}, percent(probability));
  const cell = element("td", { class: "chance" }, text);
  cell.style.setProperty("--chance", String(probability));
  return cell;
}
