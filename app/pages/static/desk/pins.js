// @ts-check
// The pins of a picture, and the form that pins it.

import { put, remove } from "./calls.js";
import { attempt, element, find, say } from "./elements.js";
import { Fields } from "./fields.js";
import { shown } from "./moments.js";

/** @typedef {{artwork: string, placement: string | null, country: string | null, until: number | null}} Pin */

export class Pins {
  /** @param {HTMLElement} root @param {string} path @param {string} artwork @param {() => Promise<void>} changed */
  constructor(root, path, artwork, changed) {
    this.list = find(".pins", root);
    this.general = find(".general", root);
    this.path = path;
    this.artwork = artwork;
    this.changed = changed;
    this.fields = new Fields(find("form", root), (given) => this.#pin(given));
    this.fields.fill({ placement: "", country: "", until: null });
  }

  /** @param {Pin[]} pins */
  show(pins) {
    this.list.replaceChildren(...pins.filter((pin) => pin.artwork === this.artwork).map((pin) => this.#row(pin)));
  }

  /** @param {Pin} pin */
  #row(pin) {
    const button = element("button", { type: "button" }, "Remove the pin");
    button.addEventListener("click", () => attempt(() => this.#unpin(pin), (sentence) => (this.general.textContent = sentence)));
    return element("li", {}, `Pinned for ${described(pin)}. `, button);
  }

  /** @param {{placement?: string, country?: string, until?: string | null}} given */
  async #pin({ placement, country, until }) {
    const scope = { ...(placement ? { placement } : {}), ...(country ? { country } : {}) };
    await put(`${this.path}/pin`, { artwork: this.artwork, ...scope, ...(until ? { until } : {}) });
    this.fields.fill({ placement: "", country: "", until: null }, true);
    await this.changed();
    say("The picture is pinned: viewers get it within a second.");
  }

  /** @param {Pin} pin */
  async #unpin(pin) {
    await remove(`${this.path}/pin?${scopeOf(pin)}`);
    await this.changed();
    say("The pin is removed: within a second Keyart chooses again.");
  }
}

/** The query that names a pin of a title: an empty value means that the pin has none. @param {Pin} pin */
export function scopeOf({ placement, country }) {
  return new URLSearchParams({ placement: placement ?? "", country: country ?? "" });
}

/** @param {Pin} pin */
export function described({ placement, country, until }) {
  const end = until === null ? "until it is removed" : `until ${shown(until)}`;
  return `${placement ? `the placement ${placement}` : "all placements"} in ${country ?? "all countries"}, ${end}`;
}
