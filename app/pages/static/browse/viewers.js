// @ts-check
/** @typedef {import("./service.js").Viewer} Viewer */

const KEY = "keyart-viewers";
const MOST = 4;

/** The viewers of the page: the samples, and those that the visitor made, which this browser remembers. */
export class Viewers {
  /** @param {Viewer[]} samples */
  constructor(samples) {
    this.samples = samples;
    this.made = remembered();
  }

  get all() {
    return [...this.samples, ...this.made];
  }

  /** @param {string | null | undefined} id */
  find(id) {
    return this.all.find((each) => each.id === id) ?? this.samples[0];
  }

  /** @param {Viewer} viewer The viewer that a second screen shows beside this one. */
  other(viewer) {
    return this.all.find((each) => each.id !== viewer.id) ?? viewer;
  }

  /** Make a viewer. @param {FormData} form */
  make(form) {
    const word = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const [name, country, language, device] = ["name", "country", "language", "device"].map(word);
    const id = `made-${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    const about = "A viewer of your own. The service knows nothing of it but what you open.";
    const viewer = { id, name, about, profile: id, ...hints({ country: country.toUpperCase(), language, device }) };
    this.made = [...this.made, viewer].slice(-MOST);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.made));
    } catch {
      // A browser that stores nothing forgets the viewer when the page is closed.
    }
    return viewer;
  }
}

/** Leave empty hints out. @param {Record<string, string>} given */
function hints(given) {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

/** @returns {Viewer[]} */
function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter(isViewer).slice(-MOST) : [];
  } catch {
    return [];
  }
}

/** @param {any} each @returns {each is Viewer} */
function isViewer(each) {
  return ["id", "name", "about", "profile"].every((field) => typeof each?.[field] === "string");
}
