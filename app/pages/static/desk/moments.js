// @ts-check
// Times: the API has Unix seconds, forms have a date and time without a zone. The desk reads and writes them in UTC.

/** @param {number | null} seconds */
export function written(seconds) {
  return seconds === null ? "" : new Date(seconds * 1000).toISOString().replace(/(:00)?\.000Z$|Z$/, "");
}

/** @param {string} text */
export function read(text) {
  return text ? `${text}Z` : null;
}

/** @param {number} seconds */
export function shown(seconds) {
  return `${written(Math.floor(seconds)).replace("T", " ")} UTC`;
}
