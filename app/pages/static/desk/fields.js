// @ts-check
// A form of fields: it is filled with values, tells which of them changed, and shows each refusal beside its field.

import { Refusal } from "./calls.js";
import { element, find } from "./elements.js";
import * as moments from "./moments.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Input */

/** @param {string} text */
const listed = (text) => text.split(",").map((each) => each.trim()).filter(Boolean);

/** @param {string} text */
function named(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).map((part) => part.trim())).map(([key, value = ""]) => [key, value]));
}

/** How the text of an input becomes a value, and a value its text. @type {Record<string, [(text: string) => any, (value: any) => string]>} */
const KINDS = {
  text: [(text) => text, (value) => value ?? ""],
  number: [(text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : text), String],
  list: [listed, (value) => value.join(", ")],
  moment: [moments.read, moments.written],
  names: [named, (value) => Object.entries(value).map((each) => each.join(" = ")).join("\n")],
};

let made = 0;

export class Fields {
  /**
   * @param {HTMLFormElement} form
   * @param {(changed: Record<string, any>) => Promise<unknown>} save gets the changed values by name
   */
  constructor(form, save) {
    this.form = form;
    this.save = save;
    this.general = find(".general", form);
    /** @type {Record<string, any>} */ this.values = {};
    this.inputs = /** @type {Input[]} */ ([...form.elements].filter((each) => each.getAttribute("name")));
    for (const input of this.inputs) this.#prepare(input);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.#clear();
      this.fill(this.values, true);
    });
  }

  /** Show values, but not instead of what somebody is writing. @param {Record<string, any>} values @param {boolean} [anyway] */
  fill(values, anyway = false) {
    for (const input of this.inputs) {
      const untouched = !(input.name in this.values) || !this.#differs(input);
      if (!anyway && !untouched) continue;
      if (input instanceof HTMLInputElement && input.type === "checkbox") input.checked = Boolean(values[input.name]);
      else input.value = kind(input)[1](values[input.name]);
    }
    this.values = values;
  }

  /** Return the values that differ from those that were filled in. */
  changed() {
    return Object.fromEntries(this.inputs.filter((each) => this.#differs(each)).map((each) => [each.name, read(each)]));
  }

  async #submit() {
    this.#clear();
    try {
      await this.save(this.changed());
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Give a field a place for its refusal, and tell screen readers its hint. @param {Input} input */
  #prepare(input) {
    const field = /** @type {HTMLElement} */ (input.closest(".field"));
    const place = element("span", { class: "bad", id: `fault-${++made}` });
    const hint = field.querySelector("small");
    if (hint) hint.id = `hint-${made}`;
    field.append(place);
    input.dataset.fault = place.id;
    input.setAttribute("aria-describedby", [hint?.id, place.id].filter(Boolean).join(" "));
  }

  /** @param {Input} input */
  #differs(input) {
    const value = input.dataset.as === "flag" ? Boolean(this.values[input.name]) : kind(input)[0](kind(input)[1](this.values[input.name]));
    return JSON.stringify(read(input)) !== JSON.stringify(value);
  }

  #clear() {
    this.general.textContent = "";
    for (const input of this.inputs) this.#mark(input, "");
  }

  /** @param {unknown} error */
  #complain(error) {
    const faults = error instanceof Refusal ? error.errors : [];
    const beside = faults.filter(({ field, reason, value }) => {
      const input = this.#inputOf(field);
      if (input) this.#mark(input, value === undefined ? `${reason}.` : `${reason} (was ${value}).`);
      return input;
    });
    const sentence = error instanceof Error ? error.message : String(error);
    this.general.textContent = beside.length && beside.length === faults.length ? "Not saved: the marked fields are not valid." : sentence;
    find("[aria-invalid], button", this.form).focus();
  }

  /** The service names a part of a field with dots: `locales.1`. @param {string} path @returns {Input | undefined} */
  #inputOf(path) {
    const named = this.inputs.find((each) => each.name === path);
    const above = path.slice(0, Math.max(0, path.lastIndexOf(".")));
    return named ?? (above ? this.#inputOf(above) : undefined);
  }

  /** @param {Input} input @param {string} sentence */
  #mark(input, sentence) {
    find(`#${input.dataset.fault}`, this.form).textContent = sentence;
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

/** @param {Input} input */
function kind(input) {
  return KINDS[input.dataset.as ?? "text"];
}

/** @param {Input} input */
function read(input) {
  return input.dataset.as === "flag" ? /** @type {HTMLInputElement} */ (input).checked : kind(input)[0](input.value);
}
