// @ts-check
/** @typedef {import("./service.js").Choice} Choice @typedef {import("./service.js").Viewer} Viewer */
import { show } from "./picture.js";
import { part } from "./player.js";
import { choose } from "./service.js";

const CONTROLS = {
  best_single: "belongs to a control group, by lot: everyone in it gets the one picture that is best for all viewers",
  uniform: "belongs to a control group, by lot: its pictures are pure chance",
  default: "belongs to a control group, by lot: everyone in it gets the editors' pictures",
};

/**
 * One viewer's page. Two of them can stand side by side: each keeps its own decisions, so that what is seen and opened
 * here counts for the viewer of this screen.
 */
export class Screen {
  /**
   * @param {HTMLElement} root @param {import("./viewers.js").Viewers} viewers
   * @param {import("./impressions.js").Impressions} impressions
   * @param {{open: (screen: Screen, title: string, choice: Choice) => void,
   *   why: (screen: Screen, title: string, choice: Choice) => void, fail: (error: unknown) => void}} on
   */
  constructor(root, viewers, impressions, on) {
    this.root = root;
    this.viewers = viewers;
    this.impressions = impressions;
    this.on = on;
    this.viewer = viewers.samples[0];
    this.asked = 0;
    /** @type {Map<string, Choice>} */ this.choices = new Map();
    root.addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement) this.watch(this.viewers.find(event.target.value));
    });
    root.addEventListener("click", (event) => this.#clicked(event));
  }

  get frames() {
    return /** @type {HTMLElement[]} */ ([...this.root.querySelectorAll(".frame")]);
  }

  /**
   * Ask for all pictures for a viewer. `given` is the hero's, if it is there already. With `counts` false the service is
   * not told that somebody sees these pictures.
   * @param {Viewer} viewer @param {{given?: Choice, counts?: boolean}} [options]
   */
  async watch(viewer, { given, counts = true } = {}) {
    const number = ++this.asked;
    this.viewer = viewer;
    this.#name();
    if (counts) this.root.setAttribute("aria-busy", "true");
    try {
      const answers = await this.#ask(viewer, given);
      if (number !== this.asked) return;
      const unavailable = answers.flatMap((each) => each.unavailable);
      this.#apply(answers.flatMap((each) => each.choices), unavailable, counts);
    } catch (error) {
      if (number === this.asked) this.on.fail(error);
    } finally {
      if (number === this.asked) this.root.removeAttribute("aria-busy");
    }
  }

  /** Show the choice of viewers again, after one was made. */
  list() {
    const box = part(this.root, ".viewers");
    const name = /** @type {HTMLInputElement} */ (part(box, "input")).name;
    const labels = this.viewers.all.map((viewer) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name, value: viewer.id });
      input.checked = viewer.id === this.viewer.id;
      const words = document.createElement("span");
      words.textContent = viewer.name;
      label.append(input, words);
      return label;
    });
    box.replaceChildren(part(box, "legend"), ...labels);
  }

  /** Write something on the picture of a title. @param {string} title @param {string} text */
  mark(title, text) {
    const frame = this.frames.find((each) => each.dataset.title === title);
    const place = frame?.closest("article, li")?.querySelector(".chance");
    if (!(place instanceof HTMLElement)) return;
    place.textContent = text;
    place.hidden = !text;
  }

  close() {
    this.asked++;
    this.frames.forEach((frame) => this.impressions.forget(frame));
    this.root.remove();
  }

  /** @param {Viewer} viewer @param {Choice} [given] */
  async #ask(viewer, given) {
    const asked = this.frames.reduce((all, frame) => {
      const { placement = "row", title = "" } = frame.dataset;
      return all.set(placement, [...(all.get(placement) ?? []), title]);
    }, /** @type {Map<string, string[]>} */ (new Map()));
    return Promise.all(
      [...asked].map(([placement, titles]) => {
        if (given && placement === "hero") return { choices: [given], unavailable: [] };
        const frame = this.frames.find((each) => each.dataset.placement === placement);
        return choose(viewer, titles, placement, frame?.clientWidth || 320);
      }),
    );
  }

  /** @param {Choice[]} choices @param {string[]} unavailable @param {boolean} counts */
  #apply(choices, unavailable, counts) {
    const before = this.choices;
    this.choices = new Map(choices.map((choice) => [choice.title, choice]));
    for (const frame of this.frames) {
      const title = frame.dataset.title ?? "";
      const choice = this.choices.get(title);
      const box = frame.closest("article, li");
      if (box instanceof HTMLElement) box.hidden = unavailable.includes(title);
      if (!choice) continue;
      if (frame.querySelector(".picture")?.getAttribute("src") !== choice.image.url) show(frame, choice.image);
      if (counts) this.mark(title, "");
      this.impressions.watch(frame, counts ? choice.decision_id : null);
    }
    if (counts) this.#say(before, choices); // otherwise a screen reader would read it every few seconds
  }

  /** @param {Map<string, Choice>} before @param {Choice[]} choices */
  #say(before, choices) {
    const changed = choices.filter((choice) => before.get(choice.title)?.artwork !== choice.artwork).length;
    const { name } = this.viewer;
    const group = choices.find((choice) => choice.group)?.group ?? "";
    const control = CONTROLS[/** @type {keyof typeof CONTROLS} */ (group)];
    const moved = before.size ? `${changed} of ${choices.length} pictures changed. ` : "";
    part(this.root, ".said").textContent = control
      ? `${moved}${name} ${control}. So there is no taste to see here; choose another viewer, or make one.`
      : `${moved}The service chose these ${choices.length} pictures for ${name}.`;
  }

  #name() {
    this.root.setAttribute("aria-label", `Titles for ${this.viewer.name}`);
    part(this.root, ".about").textContent = this.viewer.about;
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (this.root.querySelectorAll(".viewers input"))) {
      input.checked = input.value === this.viewer.id;
    }
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    const box = target?.closest("article, li");
    const choice = box instanceof HTMLElement && this.choices.get(box.dataset.title ?? "");
    if (!box || !choice) return;
    const name = box.querySelector("h2, .name")?.textContent ?? choice.title;
    if (target?.closest(".why")) this.on.why(this, name, choice);
    else if (target?.closest(".open")) this.on.open(this, name, choice);
  }
}
