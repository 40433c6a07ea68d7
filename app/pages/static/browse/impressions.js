// @ts-check
import { leave, tell } from "./service.js";

const SEEN_MS = 1000;
const TOGETHER_MS = 400;

/** Tells the service which pictures were seen: half of each for a second. Several go in one request. */
export class Impressions {
  /** @param {(error: unknown) => void} fail */
  constructor(fail) {
    this.fail = fail;
    /** @type {Map<Element, string>} */ this.decisions = new Map();
    /** @type {Map<Element, number>} */ this.timers = new Map();
    /** @type {Set<string>} */ this.told = new Set();
    /** @type {{decision_id: string}[]} */ this.waiting = [];
    this.observer = new IntersectionObserver((entries) => entries.forEach((each) => this.#moved(each)), {
      threshold: 0.5,
    });
    window.addEventListener("pagehide", () => {
      if (this.waiting.length) leave("impressions", this.waiting.splice(0));
    });
  }

  /** Watch a frame, which from now on shows the picture of this decision. @param {Element} frame @param {string | null} decision */
  watch(frame, decision) {
    this.forget(frame);
    if (!decision || this.told.has(decision)) return;
    this.decisions.set(frame, decision);
    this.observer.observe(frame);
  }

  /** @param {Element} frame */
  forget(frame) {
    this.observer.unobserve(frame);
    window.clearTimeout(this.timers.get(frame));
    this.timers.delete(frame);
    this.decisions.delete(frame);
  }

  /** @param {IntersectionObserverEntry} entry */
  #moved({ target, isIntersecting }) {
    window.clearTimeout(this.timers.get(target));
    if (isIntersecting) this.timers.set(target, window.setTimeout(() => this.#seen(target), SEEN_MS));
  }

  /** @param {Element} frame */
  #seen(frame) {
    const decision = this.decisions.get(frame);
    this.forget(frame);
    if (!decision || document.hidden) return;
    this.told.add(decision);
    if (!this.waiting.length) window.setTimeout(() => this.#send(), TOGETHER_MS);
    this.waiting.push({ decision_id: decision });
  }

  #send() {
    if (this.waiting.length) tell("impressions", this.waiting.splice(0)).catch(this.fail);
  }
}
