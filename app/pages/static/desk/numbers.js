// @ts-check
// Numbers as the desk writes them.

const NUMBER = new Intl.NumberFormat("en");
const SHARE = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** @param {number} many */
export const counted = (many) => NUMBER.format(many);

/** @param {number | null} share of 1, or null for "–" */
export const percent = (share) => (share === null ? "–" : `${SHARE.format(100 * share)} %`);
