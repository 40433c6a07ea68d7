// @ts-check
// Number fields for shares of a picture's width and height, in percent.

import { find } from "./elements.js";

let described = 0;

/** Let screen readers tell the refusal of a point or a box with each of its fields. @param {HTMLElement} group */
export function describe(group) {
  const place = find(".bad", group);
  place.id = `crop-fault-${++described}`;
  for (const input of group.querySelectorAll("input[type=number]")) input.setAttribute("aria-describedby", place.id);
}

/** Write a share of 1 into a field, unless the field says the same already: then somebody may be typing. @param {HTMLInputElement} input @param {number} [share] */
export function fill(input, share) {
  if (share === undefined) input.value = "";
  else if (shareOf(input) !== rounded(share) && Number.isFinite(share)) input.value = written(share);
}

/** @param {number} share */
export const rounded = (share) => Math.round(10000 * share) / 10000;

/** Write a share of 1 in percent. @param {number} share */
export const written = (share) => String(Math.round(10000 * share) / 100);

/** Return the share that a field says in percent, or NaN, which the service refuses. @param {HTMLInputElement} input */
export const shareOf = (input) => Math.round(100 * input.valueAsNumber) / 10000;
