// @ts-check
// What was done to a title, by whom, and the buttons that undo it. An undo is an edit of its own.

import { get, Refusal, send } from "./calls.js";
import { changesOf, current, equal, hindrance, same, undoing } from "./changes.js";
import { attempt, element, find, say } from "./elements.js";
import { shown } from "./moments.js";
import { described } from "./pins.js";

/** @typedef {import("./changes.js").Edit} Edit @typedef {import("./changes.js").Change} Change */

const CHANGED = 412;
const ON_A_PAGE = 20;
const MOST = 200;
/** @type {Record<string, string>} */
const DONE = {
  "put title": "changed the title",
  "delete title": "deleted the title",
  "change artwork": "changed a picture",
  "delete artwork": "deleted a picture",
  upload: "uploaded a picture",
  import: "imported a folder",
  pin: "pinned a picture",
  unpin: "removed a pin",
};
/** @type {Record<string, string>} */
const WORDS = { alt: "alt text", crops: "crops set by hand", locales: "languages", maturity: "age rating", valid_from: "shown from", valid_until: "shown until", source: "file" };

export class History {
  /** @param {string} title @param {string} path the title's @param {() => Promise<void>} changed */
  constructor(title, path, changed) {
    this.title = title;
    this.path = path;
    this.changed = changed;
    this.list = find("#history");
    this.older = find("#older");
    /** @type {Edit[]} */ this.edits = [];
    /** @type {Map<string, string>} */ this.names = new Map();
    this.older.addEventListener("click", () => attempt(() => this.#showOlder()));
  }

  /** Take the names of the pictures. @param {any} title */
  name(title) {
    for (const { id, name } of title.artworks) this.names.set(id, name || id);
    this.#show();
  }

  /** Ask for the newest edits, as many as are shown. */
  async refresh() {
    const limit = Math.min(MOST, Math.max(ON_A_PAGE, this.edits.length));
    await this.#take([], { limit: String(limit) });
  }

  async #showOlder() {
    const last = this.edits[this.edits.length - 1];
    await this.#take(this.edits, { limit: String(ON_A_PAGE), before: String(last.id) });
    this.#show();
  }

  /** @param {Edit[]} before @param {Record<string, string>} query */
  async #take(before, query) {
    const { edits, next } = await get(`edits?${new URLSearchParams({ title: this.title, ...query })}`);
    this.edits = [...before, ...edits];
    this.older.hidden = next === null;
  }

  #show() {
    this.list.replaceChildren(...this.edits.map((edit) => this.#row(edit)));
    find("#history-end").textContent = this.edits.length ? "" : "Nobody has edited this title yet, or the edits are too old: the service keeps the latest 20,000.";
  }

  /** @param {Edit} edit */
  #row(edit) {
    const changes = changesOf(edit);
    const row = element("li", { "data-edit": String(edit.id) }, element("p", {}, ...this.#headline(edit)));
    row.append(element("ul", { class: "changes" }, ...changes.map((change) => this.#line(change))));
    const reason = hindrance(changes);
    row.append(reason ? element("p", { class: "note" }, `It cannot be undone here. ${reason}`) : this.#undo(edit, changes));
    return row;
  }

  /** @param {Edit} edit */
  #headline(edit) {
    const time = element("time", { datetime: new Date(edit.at * 1000).toISOString() }, shown(edit.at));
    return [element("strong", {}, who(edit)), ` ${DONE[edit.operation] ?? edit.operation}, `, time];
  }

  /** @param {Change} change */
  #line(change) {
    if (change.field === "title") return element("li", {}, change.before ? "The title with all its pictures" : "A new title");
    if (change.field === "picture") return element("li", {}, change.before ? `${this.#named(change)} was deleted` : `${this.#named(change)} is new`);
    const words = [element("del", {}, told(change.before)), " → ", element("ins", {}, told(change.after))];
    return element("li", {}, `${this.#named(change)}: `, ...words);
  }

  /** @param {Change} change */
  #named({ artwork, field }) {
    const word = field.startsWith("pin ") ? "pin" : (WORDS[field] ?? field);
    const name = artwork && (this.names.get(artwork) ?? artwork);
    if (field === "picture") return name ?? "";
    return name ? `${name}, ${word}` : word;
  }

  /** @param {Edit} edit @param {Change[]} changes */
  #undo(edit, changes) {
    const button = element("button", { type: "button", class: "undo" }, "Undo");
    const line = element("p", { class: "actions" }, button, element("span", { class: "bad", role: "alert" }));
    button.setAttribute("aria-description", `${DONE[edit.operation] ?? edit.operation}, ${shown(edit.at)}`);
    const complain = (/** @type {string} */ sentence) => (find("[role=alert]", line).textContent = sentence);
    button.addEventListener("click", () => attempt(() => this.#set(edit, changes, line), complain));
    return line;
  }

  /**
   * Set the fields back that do not have their values from before, or ask first if a later edit changed one of them. The
   * service refuses a change of a title that somebody changed since it was read; then this begins again.
   * @param {Edit} edit @param {Change[]} changes @param {HTMLElement} line @param {any} [seen] the title whose values may be overwritten
   */
  async #set(edit, changes, line, seen) {
    for (;;) {
      const title = await get(this.path);
      const left = changes.filter((change) => !equal(current(title, change), change.before));
      const sentence = await this.#overwritten(edit, left, title, seen);
      if (sentence) return this.#ask(sentence, line, () => this.#set(edit, changes, line, title));
      try {
        await this.#send(left, title.revision);
      } catch (error) {
        if (!(error instanceof Refusal && error.status === CHANGED)) throw error;
        continue;
      }
      return this.#end(left.length > 0);
    }
  }

  /** @param {string} sentence @param {HTMLElement} line @param {() => Promise<void>} undo */
  #ask(sentence, line, undo) {
    const complain = (/** @type {string} */ fault) => (find("[role=alert]", line).textContent = fault);
    complain(`${sentence} Undo would overwrite that.`);
    const anyway = element("button", { type: "button", class: "anyway" }, "Undo anyway");
    anyway.addEventListener("click", () => attempt(undo, complain));
    line.querySelector(".anyway")?.remove();
    line.append(anyway);
    anyway.focus();
  }

  /**
   * Return a sentence about a later change of the same fields, or an empty text.
   * @param {Edit} edit @param {Change[]} changes @param {any} title @param {any} [seen]
   */
  async #overwritten(edit, changes, title, seen) {
    if (seen && changes.every((change) => equal(current(title, change), current(seen, change)))) return "";
    const later = await this.#laterOf(edit, changes);
    if (later) return `${who(later.edit)} changed ${this.#named(later.change)} again, ${shown(later.edit.at)}.`;
    const other = changes.find((change) => !equal(current(title, change), change.after));
    return other ? `${this.#named(other)} has another value by now.` : "";
  }

  /** @param {Edit} edit @param {Change[]} changes @returns {Promise<{edit: Edit, change: Change} | null>} */
  async #laterOf(edit, changes) {
    let before = {};
    for (;;) {
      const { edits, next } = await get(`edits?${new URLSearchParams({ title: this.title, limit: String(MOST), ...before })}`);
      for (const each of edits.filter((/** @type {Edit} */ one) => one.id > edit.id)) {
        const overlap = changesOf(each).find((one) => changes.some((change) => same(one, change)));
        if (overlap) return { edit: each, change: overlap };
      }
      if (next === null || next <= edit.id) return null;
      before = { before: String(next) };
    }
  }

  /** Send the calls of an undo, each for the revision that the one before made. @param {Change[]} changes @param {string} revision */
  async #send(changes, revision) {
    for (const { method, path, body } of undoing(this.path, changes)) ({ revision } = await send(method, path, body, {}, revision));
  }

  /** @param {boolean} changed */
  async #end(changed) {
    await this.changed();
    say(changed ? "The edit is undone. The undo is in the history, too." : "There is nothing to undo: the values are those from before the edit.");
    find("#history-heading").focus();
  }
}

/** @param {Edit} edit */
function who({ role, name }) {
  return role === "command line" ? `The command line (${name})` : `The ${role}, ${name}`;
}

/** @param {any} value @returns {string} */
function told(value) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return "nothing";
  if (Array.isArray(value)) return value.map(told).join(", ");
  if (typeof value !== "object") return String(value);
  if ("artwork" in value) return `${value.artwork} for ${described(value)}`;
  return Object.entries(value).map(([key, each]) => `${key}: ${told(each)}`).join("; ");
}
