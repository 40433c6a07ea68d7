// @ts-check
// The frame of a crop on the whole picture: it keeps the shape of its canvas, and stays inside the picture.

import { rounded } from "./percent.js";

/** @typedef {import("./stage.js").Point} Point @typedef {import("./stage.js").Box} Box */

/** Below this share of the picture's width or height, a frame is not drawn smaller. */
const LEAST = 0.02;

/** Return width by height of a canvas in shares of a picture. @param {string} canvas such as `16:9` @param {{width: number, height: number}} picture */
export function shapeOf(canvas, { width, height }) {
  const [across, down] = canvas.split(":").map(Number);
  return (across / down) * (height / width);
}

/** Return the largest frame of a shape, in the middle. @param {number} shape @returns {Box} */
export function largest(shape) {
  const [width, height] = [Math.min(1, shape), Math.min(1, 1 / shape)];
  return [rounded((1 - width) / 2), rounded((1 - height) / 2), rounded(width), rounded(height)];
}

/** @param {Box} frame @param {Point} by @returns {Box} */
export function moved([x, y, width, height], [across, down]) {
  return [within(x + across, width), within(y + down, height), width, height];
}

/** Return the frame with one corner that stays, and the other one near a place. @param {Point} corner @param {Point} to @param {number} shape @returns {Box} */
export function drawnTo([x, y], [right, bottom], shape) {
  const room = [right < x ? x : 1 - x, bottom < y ? y : 1 - y];
  const wanted = Math.max(Math.abs(right - x), Math.abs(bottom - y) * shape, LEAST);
  const width = Math.min(wanted, room[0], room[1] * shape);
  const height = width / shape;
  return [rounded(right < x ? x - width : x), rounded(bottom < y ? y - height : y), rounded(width), rounded(height)];
}

/** Return the corner opposite to the one at a place, if there is one. @param {Box} frame @param {Point} at @param {Point} near how near is near, across and down @returns {Point | null} */
export function opposite([x, y, width, height], at, near) {
  const corner = [x, x + width].flatMap((left) => [y, y + height].map((top) => /** @type {Point} */ ([left, top]))).find(([left, top]) => Math.abs(left - at[0]) <= near[0] && Math.abs(top - at[1]) <= near[1]);
  return corner ? [corner[0] === x ? x + width : x, corner[1] === y ? y + height : y] : null;
}

/** @param {Box} frame @param {Point} at */
export function holds([x, y, width, height], at) {
  return at[0] >= x && at[0] <= x + width && at[1] >= y && at[1] <= y + height;
}

/** @param {number} start @param {number} length */
function within(start, length) {
  return rounded(Math.min(1 - length, Math.max(0, start)));
}
