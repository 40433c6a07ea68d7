// @ts-check
/** The table of titles. The service searches and pages; the browser has one page of it. */

import { answered } from "./asking.js";
import { fill, row, scaleOf } from "./rates.js";
import { count, find, make, percent, put } from "./text.js";

const PAUSE = 250;
const EVERY = 15_000;
const COMPARED = ["personalized", "best_single", "uniform", "default"];
const search = /** @type {HTMLInputElement} */ (find("#search"));
const before = /** @type {HTMLButtonElement} */ (find("#before"));
const after = /** @type {HTMLButtonElement} */ (find("#after"));
/** @type {Set<string>} */
const opened = new Set();
/** @type {Map<string, HTMLElement>} */
let rows = new Map();
let page = 1;
/** @type {AbortController | undefined} */
let asking;
/** @type {number | undefined} */
let pause;

export function beginTitles() {
  if (!find("#titles").hidden) return;
  find("#titles").hidden = false;
  find("#titles form").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => show(1), PAUSE);
  });
  before.addEventListener("click", () => show(page - 1));
  after.addEventListener("click", () => show(page + 1));
  setInterval(() => document.visibilityState === "visible" && show(page), EVERY);
  show(1);
}

/** @param {number} wanted */
async function show(wanted) {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams({ search: search.value, page: String(wanted) });
  try {
    take(await answered(`report/titles?${query}`, { signal: asking.signal }));
    put(find("#titles-fault"), "");
  } catch (error) {
    if (error.name !== "AbortError") put(find("#titles-fault"), error.message);
  }
}

function take(found) {
  page = found.page;
  before.disabled = page <= 1;
  after.disabled = page >= found.pages;
  put(find("#where"), `Page ${count(page)} of ${count(found.pages)}`);
  put(find("#found"), found.found === 1 ? "1 title." : `${count(found.found)} titles.`);
  const scale = scaleOf(found.titles);
  const kept = new Map();
  for (const title of found.titles) {
    add(kept, title.id, title, scale, () => headOfTitle(title));
    for (const [id, rates] of opened.has(title.id) ? Object.entries(title.artworks) : []) {
      const line = add(kept, `${title.id}/${id}`, rates, scale, () => headOfArtwork(title.names[id] || id));
      put(find(".note", line), told(id, rates));
    }
  }
  rows = kept;
  arrange(find("#titles tbody"), [...kept.values()]);
}

/** Put the rows in this order. A row that stays is not moved, because it would lose the focus. */
function arrange(body, lines) {
  const staying = new Set(lines);
  for (const line of [...body.children]) if (!staying.has(line)) line.remove();
  lines.forEach((line, at) => {
    if (body.children[at] !== line) body.insertBefore(line, body.children[at] ?? null);
  });
}

/** Keep a row that is shown already, so that the focus stays where it is. */
function add(kept, key, rates, scale, head) {
  const line = rows.get(key) ?? row(head());
  fill(line, rates, scale);
  kept.set(key, line);
  return line;
}

/** Tell of an artwork what can be compared, unlike its rate. @param {string} id @param {any} rates */
function told(id, { estimated_rate: estimated, groups }) {
  const shares = Object.entries(groups).filter(([group, { share }]) => COMPARED.includes(group) && share != null);
  const parts = shares.map(([group, { share }]) => `${percent(share)} of the showings in ${group}`);
  const estimate = estimated == null ? [] : [`${percent(estimated)} reward if all viewers saw it`];
  return [id, ...estimate, ...parts].join(" \u00b7 ");
}

function headOfTitle({ id, name }) {
  const head = make("th", "", { scope: "row" });
  const button = make("button", name || id, { type: "button", class: "opens", "aria-expanded": String(opened.has(id)) });
  button.addEventListener("click", () => {
    if (!opened.delete(id)) opened.add(id);
    button.setAttribute("aria-expanded", String(opened.has(id)));
    show(page);
  });
  head.append(button, make("span", id, { class: "note" }));
  return head;
}

/** @param {string} name */
function headOfArtwork(name) {
  const head = make("th", name, { scope: "row", class: "artwork" });
  head.append(make("span", "", { class: "note" }));
  return head;
}
