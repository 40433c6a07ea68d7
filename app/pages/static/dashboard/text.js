// @ts-check
/** Numbers and times as text, and text as elements: what others have typed never becomes HTML. */

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const NOTHING = "–";

/** @param {number | null | undefined} value */
export const count = (value) => (value == null ? NOTHING : whole.format(value));
/** @param {number | null | undefined} value @param {string} unit */
export const measure = (value, unit) => (value == null ? NOTHING : `${short.format(value)} ${unit}`);
/** @param {number | null | undefined} value  a part of 1 */
export const percent = (value) => (value == null ? NOTHING : `${(100 * value).toFixed(1)} %`);
/** @param {number | null | undefined} value */
export const decimal = (value) => (value == null ? NOTHING : value.toFixed(3));
/** @param {number} seconds  Unix time */
export const time = (seconds) => clock.format(new Date(1000 * seconds));

/** @param {number | null | undefined} seconds */
export function age(seconds) {
  if (seconds == null) return NOTHING;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Write a text where it differs, so that nothing flickers and a selection stays. @param {Element} element @param {string} text */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} name @param {string} [text] @param {Record<string, string>} [attributes] */
export function make(name, text = "", attributes = {}) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** @param {string} selector @param {ParentNode} [within] */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return /** @type {HTMLElement} */ (found);
}
