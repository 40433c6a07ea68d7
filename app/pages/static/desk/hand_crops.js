// @ts-check
// The crops that a person sets by hand, a field group for each canvas. The height follows from the width.

import { find } from "./elements.js";
import { largest, shapeOf } from "./frame.js";
import { describe, fill, rounded, shareOf } from "./percent.js";

/** @typedef {import("./stage.js").Box} Box @typedef {Record<string, Box | null>} Crops null is a crop that the service chooses */

export class HandCrops {
  /** @param {HTMLElement} root @param {HTMLCanvasElement} picture @param {(canvas: string, box: Box | null) => void} changed */
  constructor(root, picture, changed) {
    this.picture = picture;
    this.changed = changed;
    /** @type {Crops} */ this.crops = {};
    /** @type {Crops} */ this.automatic = {};
    this.groups = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-canvas]")]);
    for (const group of this.groups) this.#listen(group, group.dataset.canvas ?? "");
  }

  /** @param {HTMLElement} group @param {string} canvas */
  #listen(group, canvas) {
    describe(group);
    const tick = this.#tick(group);
    tick.addEventListener("change", () => this.changed(canvas, tick.checked ? this.start(canvas) : null));
    for (const input of inputsOf(group)) input.addEventListener("input", () => this.changed(canvas, this.#read(group, canvas)));
  }

  /** Show the boxes that are set, and the boxes that the service chose. @param {Crops} crops @param {Crops} automatic */
  show(crops, automatic) {
    this.crops = crops;
    this.automatic = automatic;
    for (const group of this.groups) {
      const box = crops[group.dataset.canvas ?? ""] ?? null;
      this.#tick(group).checked = box !== null;
      find(".shares", group).hidden = box === null;
      inputsOf(group).forEach((input, at) => fill(input, box?.[at]));
    }
  }

  /** Return the box with which a person begins: the one that is shown now, or else the largest. @param {string} canvas @returns {Box} */
  start(canvas) {
    const box = this.crops[canvas] ?? this.automatic[canvas];
    return /** @type {Box} */ (box ? box.map(rounded) : largest(shapeOf(canvas, this.picture)));
  }

  /** @param {HTMLElement} group @param {string} canvas @returns {Box} */
  #read(group, canvas) {
    const [x, y, width] = inputsOf(group).map(shareOf);
    return [x, y, width, rounded(width / shapeOf(canvas, this.picture))];
  }

  /** @param {HTMLElement} group @returns {HTMLInputElement} */
  #tick(group) {
    return find("[type=checkbox]", group);
  }
}

/** Return the crops that are set by hand, and null for the others, as a PATCH takes them. @param {Record<string, {box: Box, by_hand: boolean}>} crops @returns {Crops} */
export function handCropsOf(crops) {
  return Object.fromEntries(Object.entries(crops).map(([canvas, { box, by_hand }]) => [canvas, by_hand ? box : null]));
}

/** @param {HTMLElement} group @returns {HTMLInputElement[]} */
const inputsOf = (group) => [...group.querySelectorAll("input[type=number]")];
