// @ts-check
// The fields that an edit changed, and the calls that set them back.

import { handCropsOf } from "./hand_crops.js";
import { scopeOf } from "./pins.js";

/**
 * @typedef {import("./pins.js").Pin} Pin
 * @typedef {{id: number, at: number, role: string, name: string, operation: string, title: string | null,
 *   artwork: string | null, before: Record<string, any> | null, after: Record<string, any> | null}} Edit
 * @typedef {{artwork: string | null, field: string, before: any, after: any}} Change a change of one field; the field
 *   `picture` stands for a whole artwork, and `title` for a whole title
 * @typedef {{method: string, path: string, body?: any}} Call
 */

const TITLE = ["name", "names", "synopsis", "genres", "maturity", "default"];
const ARTWORK = ["name", "status", "tags", "alt", "locales", "placements", "maturity", "valid_from", "valid_until", "focus", "faces", "crops", "made", "creator", "licence", "consent"];
const KEPT = "The service does not keep a picture that was replaced or deleted";

/** @param {Edit} edit @returns {Change[]} */
export function changesOf({ before, after }) {
  if (!before || !after) return [{ artwork: null, field: "title", before, after }];
  return Object.keys(before).flatMap((field) => {
    if (field === "artworks") return Object.keys(before.artworks).flatMap((id) => ofArtwork(id, before.artworks[id], after.artworks[id]));
    if (field === "pins") return ofPins(before.pins, after.pins);
    return [{ artwork: null, field, before: before[field], after: after[field] }];
  });
}

/** @param {string} artwork @param {any} before @param {any} after @returns {Change[]} */
function ofArtwork(artwork, before, after) {
  if (!before || !after) return [{ artwork, field: "picture", before, after }];
  return Object.keys(before).map((field) => ({ artwork, field, before: before[field], after: after[field] }));
}

/** A pin is a field of its placement and country. @param {Pin[]} before @param {Pin[]} after @returns {Change[]} */
function ofPins(before, after) {
  const scopes = new Set([...before, ...after].map((pin) => String(scopeOf(pin))));
  const at = (/** @type {Pin[]} */ pins, /** @type {string} */ scope) => pins.find((pin) => String(scopeOf(pin)) === scope) ?? null;
  const all = [...scopes].map((scope) => ({ artwork: null, field: `pin ${scope}`, before: at(before, scope), after: at(after, scope) }));
  return all.filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

/** @param {Change} one @param {Change} other */
export function same(one, other) {
  return one.artwork === other.artwork && one.field === other.field;
}

/** Return why an edit cannot be undone, or an empty text. @param {Change[]} changes */
export function hindrance(changes) {
  if (changes.some(({ field }) => field === "title")) return "It made or deleted the whole title.";
  if (changes.some(({ field, before }) => field === "picture" && !before)) return "It added a picture. Pause or withdraw the picture instead.";
  if (changes.some(({ artwork, field }) => artwork && !ARTWORK.includes(field))) return `${KEPT}. Upload the picture again.`;
  if (changes.some(({ field, before }) => field === "default" && before === null)) return "The title had no picture before.";
  return changes.length ? "" : "It changed nothing that this page knows.";
}

/** Return the calls that set the fields of an edit back. @param {string} path the title's @param {Change[]} changes @returns {Call[]} */
export function undoing(path, changes) {
  const own = changes.filter(({ artwork, field }) => artwork === null && TITLE.includes(field));
  const artworks = [...new Set(changes.flatMap(({ artwork }) => artwork ?? []))];
  return [
    ...(own.length ? [{ method: "PUT", path, body: bodyOf(own) }] : []),
    ...artworks.map((id) => ({ method: "PATCH", path: `${path}/artworks/${encodeURIComponent(id)}`, body: bodyOf(changes.filter(({ artwork }) => artwork === id)) })),
    ...changes.filter(({ field }) => field.startsWith("pin ")).map((change) => pinCall(path, change)),
  ];
}

/** @param {Change[]} changes */
function bodyOf(changes) {
  return Object.fromEntries(changes.map(({ field, before }) => [field, before]));
}

/** @param {string} path @param {Change} change @returns {Call} */
function pinCall(path, { before, after }) {
  if (!before) return { method: "DELETE", path: `${path}/pin?${scopeOf(after)}` };
  const given = Object.entries(before).filter(([, value]) => value !== null);
  return { method: "PUT", path: `${path}/pin`, body: Object.fromEntries(given) };
}

/** Return the value that a title has now in the field of a change. @param {any} title @param {Change} change */
export function current(title, { artwork, field }) {
  if (field.startsWith("pin ")) return title.pins.find((/** @type {Pin} */ pin) => `pin ${scopeOf(pin)}` === field) ?? null;
  if (artwork === null) return title[field];
  const value = title.artworks.find((/** @type {any} */ each) => each.id === artwork)?.[field];
  return field === "crops" && value ? handCropsOf(value) : value;
}

/** Whether two values of the API are the same, whatever the order of their keys. @param {any} one @param {any} other @returns {boolean} */
export function equal(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => equal(one[key], other[key]));
}
