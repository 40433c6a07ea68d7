// @ts-check
// A picture of a title: its crops, what it says about itself, and what an editor does with it.

import { patch, put } from "./calls.js";
import { Cropping } from "./cropping.js";
import { attempt, copyOf, element, find, imageAddress, imageAddresses, say } from "./elements.js";
import { Fields } from "./fields.js";
import { Pins } from "./pins.js";

const CONSENT = ["of", "until", "withdrawn"];
/** What is said of a picture after its status changed. @type {Record<string, string>} */
const NOW = {
  active: "may be shown again",
  paused: "is paused: viewers get another picture within a second",
  withdrawn: "is withdrawn: viewers get another picture within a second, and its files are not served any more",
};

export class Card {
  /** @param {string} path the title's @param {string} id @param {{changed: () => Promise<void>, replace: (file: File) => void}} on */
  constructor(path, id, on) {
    this.path = path;
    this.id = id;
    this.on = on;
    this.crops = "";
    this.name = id;
    this.focusNext = false;
    this.root = copyOf("artwork");
    this.fields = new Fields(find(".describe form", this.root), (changed) => this.#save(changed));
    this.cropping = new Cropping(find(".cropping", this.root), this.#own(), on.changed);
    this.pins = new Pins(find(".pinning", this.root), path, id, on.changed);
    for (const button of this.root.querySelectorAll("[data-status]")) {
      button.addEventListener("click", () => this.#act(() => this.#set(/** @type {HTMLElement} */ (button).dataset.status ?? "")));
    }
    find(".default", this.root).addEventListener("click", () => this.#act(() => this.#makeDefault()));
    find("input[type=file]", this.root).addEventListener("change", (/** @type {Event} */ event) => this.#replace(event));
  }

  /** @param {any} artwork @param {any} title */
  show(artwork, title) {
    this.artwork = artwork;
    this.name = artwork.name || artwork.id;
    find(".name", this.root).textContent = this.name;
    find(".id", this.root).textContent = artwork.id;
    find(".alt", this.root).textContent = artwork.alt ? `“${artwork.alt}”` : "It has no alt text yet: write one for people who cannot see it.";
    find(".tags", this.root).replaceChildren(...artwork.tags.map((/** @type {string} */ tag) => element("li", {}, tag)));
    find(".badges", this.root).replaceChildren(...badges(artwork, title).map((text) => element("span", { class: "badge" }, text)));
    this.#showCrops(artwork);
    this.#showActions(artwork, title);
    this.fields.fill(formValues(artwork));
    this.cropping.show(artwork, title);
    this.pins.show(title.pins);
  }

  /** Open the description, for a picture that just arrived. */
  describe() {
    find(".describe", this.root).open = true;
    find(".describe input", this.root).focus();
  }

  /** @param {any} artwork */
  #showCrops(artwork) {
    find(".unserved", this.root).hidden = artwork.served;
    const key = JSON.stringify([artwork.crops, artwork.served]);
    if (key === this.crops) return;
    this.crops = key;
    const figures = Object.entries(artwork.crops).map(([canvas, image]) => figure(canvas, image, artwork.served));
    find(".crops", this.root).replaceChildren(...figures);
  }

  /** @param {any} artwork @param {any} title */
  #showActions(artwork, title) {
    for (const button of this.root.querySelectorAll("button[data-status]")) {
      const hidden = /** @type {HTMLElement} */ (button).dataset.status === artwork.status;
      if (hidden && button === document.activeElement) this.focusNext = true;
      /** @type {HTMLElement} */ (button).hidden = hidden;
    }
    find(".default", this.root).hidden = title.default === artwork.id;
    for (const button of this.root.querySelectorAll(".actions button")) button.setAttribute("aria-description", this.name);
    if (this.focusNext) find(".actions button:not([hidden])", this.root).focus();
    this.focusNext = false;
  }

  /** @param {() => Promise<void>} doing */
  #act(doing) {
    return attempt(doing, (sentence) => (find(".acting", this.root).textContent = sentence));
  }

  /** @param {string} status */
  async #set(status) {
    await patch(this.#own(), { status });
    await this.on.changed();
    say(`${this.name} ${NOW[status]}.`);
  }

  async #makeDefault() {
    await put(this.path, { default: this.id });
    await this.on.changed();
    say(`${this.name} is the default picture.`);
  }

  /** @param {Event} event */
  #replace(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const [file] = input.files ?? [];
    if (file) this.on.replace(file);
    input.value = "";
  }

  /** @param {Record<string, any>} changed */
  async #save(changed) {
    await patch(this.#own(), bodyOf(changed, Boolean(this.artwork.consent)));
    await this.on.changed();
    this.fields.fill(formValues(this.artwork), true);
    say(`${this.name} is saved.`);
  }

  #own() {
    return `${this.path}/artworks/${encodeURIComponent(this.id)}`;
  }
}

/** @param {string} canvas @param {any} image @param {boolean} served */
function figure(canvas, image, served) {
  const size = { width: String(image.width), height: String(image.height) };
  /** @type {Record<string, string>} */ const source = served ? { src: imageAddress(image.url), srcset: imageAddresses(image.srcset), sizes: "(min-width: 40rem) 20rem, 45vw" } : { src: image.placeholder };
  const shown = element("img", { ...size, ...source, loading: "lazy", decoding: "async", alt: `The crop for ${canvas}` });
  return element("figure", { "data-canvas": canvas }, shown, element("figcaption", {}, canvas));
}

/** @param {any} artwork @param {any} title */
function badges(artwork, title) {
  const pins = title.pins.filter((/** @type {any} */ pin) => pin.artwork === artwork.id).length;
  const { consent } = artwork;
  return [
    ...(artwork.status === "active" ? [] : [artwork.status]),
    ...(title.default === artwork.id ? ["default"] : []),
    ...(pins ? ["pinned"] : []),
    ...(artwork.served || artwork.status === "withdrawn" ? [] : [consent?.withdrawn ? "consent withdrawn" : "not served: no consent, or its kind is barred"]),
  ];
}

/** @param {any} artwork */
function formValues(artwork) {
  const consent = artwork.consent ?? { of: "", until: null, withdrawn: false };
  return { ...artwork, consent: Boolean(artwork.consent), ...Object.fromEntries(CONSENT.map((name) => [`consent.${name}`, consent[name]])) };
}

/** Return the body of a PATCH for the changed fields. @param {Record<string, any>} changed @param {boolean} had */
function bodyOf(changed, had) {
  const { consent: needed = had, ...others } = changed;
  const of = Object.entries(others).filter(([name]) => name.startsWith("consent."));
  const body = Object.fromEntries(Object.entries(others).filter(([name]) => !name.startsWith("consent.")));
  if (!needed) return had ? { ...body, consent: null } : body;
  if (had && !of.length) return body;
  return { ...body, consent: Object.fromEntries(of.map(([name, value]) => [name.replace("consent.", ""), value])) };
}
