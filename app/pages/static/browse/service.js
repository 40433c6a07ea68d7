// @ts-check
// The service's HTTP API, as the browse page uses it. Addresses are relative, so that a path of a proxy is kept.

/**
 * @typedef {{url: string, srcset: string, width: number, height: number, placeholder: string, alt: string,
 *   creator: string, licence: string}} Picture
 * @typedef {{decision_id: string | null, title: string, artwork: string, image: Picture, group: string | null,
 *   held: boolean, pinned: boolean, fallback: boolean}} Choice
 * @typedef {{id: string, name: string, about: string, profile: string, country?: string, language?: string,
 *   device?: string}} Viewer
 * @typedef {{choices: Choice[], unavailable: string[], unknown: string[]}} Page
 * @typedef {"impressions" | "clicks" | "plays"} Kind
 */

/** A sentence about what went wrong, for the person before the page. */
export class Fault extends Error {}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
export async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Fault("The service does not answer. Check that it runs, and then use “Ask again”.");
  }
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Fault(body?.detail ?? `The service answered ${answer.status}. Use “Ask again”.`);
  return body;
}

/** @param {string} path @param {unknown} body @param {RequestInit} [options] */
export function post(path, body, options) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

/**
 * Ask for the pictures of titles for a viewer.
 * @param {Viewer} viewer @param {string[]} titles @param {string} placement @param {number} width
 * @returns {Promise<Page>}
 */
export function choose(viewer, titles, placement, width) {
  const { profile, country, language, device } = viewer;
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const hints = { profile, country, language, device, placement, width: Math.round(width * scale) };
  return post("artwork", { titles, deferred: true, ...hints });
}

/** @param {string} decision */
export function why(decision) {
  return ask(`decisions/${encodeURIComponent(decision)}/why`);
}

/** @param {Kind} kind @param {{decision_id: string, seconds?: number}[]} items */
export function tell(kind, items) {
  return post(kind, items, { keepalive: true });
}

/** Tell the service while the page goes away, when nobody can wait for an answer.
 * @param {Kind} kind @param {{decision_id: string, seconds?: number}[]} items */
export function leave(kind, items) {
  navigator.sendBeacon(kind, JSON.stringify(items));
}
