// @ts-check
/** @typedef {import("./service.js").Choice} Choice @typedef {import("./service.js").Viewer} Viewer */
import { leave, tell } from "./service.js";

const FASTER = 60;

/** A window that stands for playing a title. Each second counts as a minute, and the service gets the total. */
export class Player {
  /** @param {HTMLDialogElement} dialog @param {(error: unknown) => void} fail */
  constructor(dialog, fail) {
    this.dialog = dialog;
    this.fail = fail;
    this.began = 0;
    /** @type {Choice | null} */ this.choice = null;
    /** @type {(minutes: number) => void} */ this.closed = () => {};
    dialog.addEventListener("close", () => this.#close());
    window.addEventListener("pagehide", () => {
      const play = this.#play();
      if (play) leave("plays", [play]);
      this.choice = null;
    });
  }

  /** @param {string} name @param {Choice} choice @param {(minutes: number) => void} closed */
  open(name, choice, closed) {
    this.choice = choice;
    this.closed = closed;
    this.began = performance.now();
    part(this.dialog, "h2").textContent = name;
    const still = /** @type {HTMLImageElement} */ (part(this.dialog, ".still"));
    still.src = choice.image.url;
    still.alt = choice.image.alt;
    this.#tick();
    this.timer = window.setInterval(() => this.#tick(), 250);
    this.dialog.showModal();
    if (choice.decision_id) tell("clicks", [{ decision_id: choice.decision_id }]).catch(this.fail);
  }

  get seconds() {
    return Math.floor((performance.now() - this.began) / 1000) * FASTER;
  }

  #tick() {
    part(this.dialog, "[role=timer]").textContent = `Watched: ${this.seconds / 60} min`;
  }

  #play() {
    const id = this.choice?.decision_id;
    return id && this.seconds ? { decision_id: id, seconds: this.seconds } : null;
  }

  #close() {
    window.clearInterval(this.timer);
    const play = this.#play();
    this.choice = null;
    if (play) tell("plays", [play]).catch(this.fail);
    this.closed(this.seconds / 60);
  }
}

/** @param {ParentNode} root @param {string} selector */
export function part(root, selector) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The page has no ${selector}.`);
  return found;
}
