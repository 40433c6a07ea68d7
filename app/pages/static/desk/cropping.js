// @ts-check
// Focus, faces and crops of a picture, corrected in place. The service makes the crops that move again from the kept original.

import { Refusal, send } from "./calls.js";
import { attempt, copyOf, element, find, say } from "./elements.js";
import { shapeOf } from "./frame.js";
import { handCropsOf, HandCrops } from "./hand_crops.js";
import { describe, fill, shareOf, written } from "./percent.js";
import { Stage } from "./stage.js";

/** @typedef {import("./stage.js").Look} Look @typedef {import("./stage.js").Box} Box @typedef {import("./stage.js").Point} Point */

const CHANGED = 412;
const NO_SHARE = "Write a number from 0 to 100.";
const NO_BOX = "This box is not inside the picture. Write a width and a height above 0, and at most 100 % for left and width together, and so for top and height.";
/** @type {Box} */ const NEW_FACE = [0.4, 0.3, 0.2, 0.3];
/** @type {Point} */ const MIDDLE = [0.5, 0.5];

export class Cropping {
  /** @param {HTMLDetailsElement} root @param {string} path the picture's @param {() => Promise<void>} changed */
  constructor(root, path, changed) {
    this.root = root;
    this.path = path;
    this.changed = changed;
    this.form = /** @type {HTMLFormElement} */ (find("form", root));
    this.focused = /** @type {HTMLInputElement} */ (find("[name=focused]", root));
    this.faces = find(".faces", root);
    this.mode = /** @type {HTMLSelectElement} */ (find(".mode select", root));
    this.stage = new Stage(find(".stage", root), { point: (point) => this.#focusOn(point), box: (box) => this.#add(box), frame: (box) => this.#cut(this.mode.value, box) });
    this.handCrops = new HandCrops(root, this.stage.canvas, (canvas, box) => this.#cut(canvas, box));
    /** @type {Look} */ this.look = { focus: null, faces: [], crops: {} };
    this.known = JSON.stringify(this.look);
    this.loaded = "";
    this.saving = false;
    describe(find("[data-field=focus]", root));
    this.#listen();
  }

  #listen() {
    this.root.addEventListener("toggle", () => this.#open());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    this.form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.#take(JSON.parse(this.known));
      this.#complain();
    });
    this.focused.addEventListener("change", () => this.#set({ focus: this.focused.checked ? MIDDLE : null }));
    for (const input of this.#pointInputs()) input.addEventListener("input", () => this.#set({ focus: this.#point() }));
    this.mode.addEventListener("change", () => this.#frame());
    find(".add", this.root).addEventListener("click", () => {
      this.#add(NEW_FACE);
      const first = find(":scope > li:last-child input", this.faces);
      first.focus();
      first.select();
    });
  }

  /** Show focus and faces as they are now, but not instead of what somebody is changing. @param {any} artwork @param {any} title */
  show(artwork, title) {
    this.artwork = artwork;
    const stays = JSON.stringify(this.look) !== this.known && artwork.source === this.source;
    if (!stays || JSON.stringify(lookOf(artwork)) === this.known) this.revision = title.revision;
    if (!stays) this.#take(lookOf(artwork));
    this.source = artwork.source;
    find(".cropping-form", this.root).hidden = !artwork.original;
    find(".no-original", this.root).hidden = artwork.original;
    this.stage.canvas.setAttribute("aria-label", `The whole picture ${artwork.name || artwork.id}, with its focus and faces`);
    this.#open();
  }

  /** Fetch the picture when it is looked at for the first time, or after its file was replaced. */
  #open() {
    if (!this.root.open || !this.artwork?.original || this.loaded === this.source) return;
    this.loaded = this.source;
    void attempt(() => this.#load(), (sentence) => {
      find(".loading", this.root).textContent = sentence;
      if (sentence) this.loaded = "";
    });
  }

  /** Only the picture tells which height belongs to the width of a crop. */
  async #load() {
    await this.stage.load(`${this.path}/whole`);
    for (const each of this.root.querySelectorAll(".mode, .by-hand")) /** @type {HTMLElement} */ (each).hidden = false;
    this.#frame();
  }

  /** @param {Look} look */
  #take(look) {
    this.known = JSON.stringify(look);
    this.#set(structuredClone(look));
    this.#list();
  }

  /** Change what is drawn, and what the fields of the focus say. @param {Partial<Look>} part */
  #set(part) {
    this.look = { ...this.look, ...part };
    const { focus } = this.look;
    this.focused.checked = focus !== null;
    find(".point", this.root).hidden = focus === null;
    this.#pointInputs().forEach((input, at) => fill(input, focus?.[at]));
    this.stage.show(this.look);
    this.handCrops.show(this.look.crops, this.automatic);
    this.#frame();
  }

  /** Set the crop of a canvas; null lets the service choose it. @param {string} canvas @param {Box | null} box */
  #cut(canvas, box) {
    this.#set({ crops: { ...this.look.crops, [canvas]: box } });
    if (this.mode.value !== canvas) {
      this.mode.value = canvas;
      this.#frame();
    }
    this.#state(box ? `The crop for ${canvas} is set by hand: ${box.slice(0, 2).map(written).join(" % from the left and ")} % from the top, ${written(box[2])} % wide.` : `The service chooses the crop for ${canvas}.`);
  }

  /** Show the crop that the mouse changes. */
  #frame() {
    const canvas = this.mode.value;
    this.stage.frame(canvas ? (this.look.crops[canvas] ?? this.automatic[canvas] ?? null) : null, canvas ? shapeOf(canvas, this.stage.canvas) : 0);
  }

  /** Return the boxes that the service chose for the crops that are not set by hand. @returns {Record<string, Box | null>} */
  get automatic() {
    const crops = Object.entries(this.artwork?.crops ?? {});
    return Object.fromEntries(crops.map(([canvas, { box, by_hand }]) => [canvas, by_hand ? null : box]));
  }

  /** @param {Point} point */
  #focusOn(point) {
    this.#set({ focus: point });
    this.#state(`The focus is ${written(point[0])} % from the left and ${written(point[1])} % from the top.`);
  }

  /** @param {Box} box */
  #add(box) {
    this.#set({ faces: [...this.look.faces, [...box]] });
    this.#list();
    this.#state(`Face ${this.look.faces.length} is added.`);
  }

  /** @param {number} number */
  #remove(number) {
    this.#set({ faces: this.look.faces.filter((_, each) => each !== number) });
    this.#list();
    this.#state(this.look.faces.length ? `Face ${number + 1} is removed.` : "There is no face any more.");
    (this.faces.querySelectorAll(".remove")[number] ?? find(".add", this.root)).focus();
  }

  #list() {
    this.faces.replaceChildren(...this.look.faces.map((face, number) => this.#face(face, number)));
    find(".no-faces", this.root).hidden = this.look.faces.length > 0;
  }

  /** @param {Box} face @param {number} number */
  #face(face, number) {
    const root = copyOf("face");
    const inputs = /** @type {HTMLInputElement[]} */ ([...root.querySelectorAll("input")]);
    find("legend", root).textContent = `Face ${number + 1}`;
    find("fieldset", root).dataset.field = `faces.${number}`;
    describe(root);
    inputs.forEach((input, at) => {
      fill(input, face[at]);
      input.addEventListener("input", () => {
        face[at] = shareOf(input);
        this.stage.show(this.look);
      });
    });
    const button = find(".remove", root);
    button.textContent = `Remove face ${number + 1}`;
    button.addEventListener("click", () => this.#remove(number));
    return root;
  }

  /** Two saves at the same time would refuse each other. */
  async #save() {
    if (this.saving) return;
    this.#complain();
    this.#busy(true);
    try {
      await this.#send();
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#busy(false);
    }
  }

  async #send() {
    const body = this.#body();
    if (!Object.keys(body).length) return this.#state("Focus, faces and crops are those that the service has. There is nothing to save.");
    const sent = JSON.stringify(this.look);
    await send("PATCH", this.path, body, {}, this.revision).catch((error) => this.#refused(error, body));
    this.known = sent;
    await this.changed();
    this.#state("");
    say(`${this.artwork.name || this.artwork.id} has new crops.`);
  }

  /**
   * Show what somebody else changed, so that the next save is a decision. If it was neither the file nor focus, faces or
   * crops, there is nothing to decide: the service itself adds the large widths after a correction.
   * @param {unknown} error @param {Partial<Look>} body
   */
  async #refused(error, body) {
    if (!(error instanceof Refusal && error.status === CHANGED)) throw error;
    const { look: mine, known, source } = this;
    this.look = JSON.parse(this.known);
    await this.changed();
    this.#set(mine);
    this.#list();
    if (this.known === known && this.source === source) return send("PATCH", this.path, body, {}, this.revision);
    throw new Refusal(`${error.message} The page shows the title as it is now. Look at the crops, and save again to crop as you drew it, or discard your changes.`);
  }

  #body() {
    const known = /** @type {Look} */ (JSON.parse(this.known));
    return Object.fromEntries(Object.entries(this.look).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(known[/** @type {keyof Look} */ (name)])));
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.saving = busy;
    find("progress", this.form).hidden = !busy;
    find("button.main", this.form).setAttribute("aria-disabled", String(busy));
    if (busy) this.#state("The service makes the crops again that move. This takes about 2 seconds. The crops above are the old ones until then.");
  }

  /** Show each refusal beside the field or the face that it is about. @param {unknown} [error] */
  #complain(error) {
    for (const each of this.form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
    for (const each of this.form.querySelectorAll(".bad")) each.textContent = "";
    if (!error) return;
    this.#state("");
    const faults = error instanceof Refusal ? error.errors : [];
    const beside = faults.filter((fault) => this.#mark(fault));
    const sentence = error instanceof Error ? error.message : String(error);
    find(".general", this.form).textContent = beside.length && beside.length === faults.length ? "Not saved: the marked fields are not valid." : sentence;
    find("[aria-invalid], button.main", this.form).focus();
  }

  /**
   * Mark what a refusal names, in percent as the fields are.
   * @param {import("./calls.js").FieldFault} fault its field is such as `faces.0`, `faces.0.2`, `focus.1` or `crops.16:9`
   */
  #mark({ field, reason }) {
    const [, name, at] = /^(focus|faces\.\d+|crops\.\d+:\d+)(?:\.(\d))?$/.exec(field) ?? [];
    const group = name && this.form.querySelector(`fieldset[data-field="${name}"]`);
    if (!group) return false;
    const inputs = [...group.querySelectorAll("input[type=number]")];
    for (const input of at ? [inputs[Number(at)] ?? inputs[inputs.length - 1]] : inputs) input.setAttribute("aria-invalid", "true");
    find(".bad", group).textContent = at ? NO_SHARE : name.startsWith("crops") && reason.startsWith("The crop") ? `${reason}.` : NO_BOX;
    return true;
  }

  /** @returns {HTMLInputElement[]} */
  #pointInputs() {
    return [...find(".point", this.root).querySelectorAll("input")];
  }

  /** @returns {Point} */
  #point() {
    const [x, y] = this.#pointInputs().map(shareOf);
    return [x, y];
  }

  /** @param {string} sentence */
  #state(sentence) {
    find(".state", this.root).textContent = sentence;
  }
}

/** @param {any} artwork @returns {Look} */
const lookOf = ({ focus, faces, crops }) => ({ focus, faces, crops: handCropsOf(crops) });
