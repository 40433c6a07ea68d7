// @ts-check
import { part } from "./player.js";
import { ask, why } from "./service.js";

/** @typedef {import("./screen.js").Screen} Screen */
/** @typedef {{running: boolean, said: string}} Running */
/** @typedef {Record<string, {exposures: number, clicks: number}>} Groups */

const LOOK_MS = 2500;
const NAMES = { personalized: "personalized", best_single: "the best single picture", uniform: "chance" };
const SIGN_IN =
  "This switch needs a session. Run “keyart open” (or “.venv/bin/keyart open”) in a terminal, open its link in this browser, and load this page again.";

/** The switch that lets made-up viewers use the service. While they do, it shows what moves: chances, pictures, rates. */
export class Audience {
  /** @param {HTMLElement} button @param {() => Screen[]} screens @param {(error: unknown) => void} fail */
  constructor(button, screens, fail) {
    this.button = button;
    this.screens = screens;
    this.fail = fail;
    this.box = part(document, "#audience");
    /** @type {Groups} */ this.before = {};
    this.running = false;
    button.addEventListener("click", () => void this.#press());
  }

  /** Go on watching an audience that runs already. */
  async resume() {
    if (this.button.dataset.signedIn !== "true") return;
    const { running } = /** @type {Running} */ (await ask("browse/audience"));
    if (running) await this.#watch();
  }

  async #press() {
    if (this.button.dataset.signedIn !== "true") return this.#say(SIGN_IN);
    try {
      if (this.running) await ask("browse/audience", { method: "DELETE" });
      else {
        this.before = (await ask("report")).groups;
        await ask("browse/audience", { method: "POST" });
        await this.#watch();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  async #watch() {
    this.#switch(true);
    this.#say("300 made-up viewers use this service. The pictures, their probabilities and the rates below change while it learns. They stop automatically after about a minute.");
    if (!Object.keys(this.before).length) this.before = (await ask("report")).groups;
    try {
      for (let last = false; !last; ) {
        await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
        const { running, said } = /** @type {Running} */ (await ask("browse/audience"));
        await this.#look();
        last = !running;
        if (last) this.#end(said);
      }
    } finally {
      this.#switch(false);
      this.before = {};
    }
  }

  async #look() {
    this.#rates((await ask("report")).groups);
    await Promise.all(this.screens().map((screen) => this.#chances(screen)));
  }

  /** Ask again for a screen's pictures, which nobody is told were seen, and write how probable each was. @param {Screen} screen */
  async #chances(screen) {
    await screen.watch(screen.viewer, { counts: false });
    await Promise.all(
      [...screen.choices.values()].map(async ({ title, decision_id }) => {
        if (!decision_id) return;
        const { probability, candidates } = await why(decision_id);
        if (probability !== null && candidates > 1) screen.mark(title, `Probability ${Math.round(100 * probability)} %`);
      }),
    );
  }

  /** Write how often each group opened a picture since the switch was pressed. @param {Groups} groups */
  #rates(groups) {
    const lines = Object.entries(NAMES).map(([group, name]) => {
      const [seen, opened] = /** @type {const} */ (["exposures", "clicks"]).map(
        (count) => groups[group][count] - (this.before[group]?.[count] ?? 0),
      );
      const line = document.createElement("li");
      const rate = document.createElement("strong");
      rate.textContent = seen ? `${((100 * opened) / seen).toFixed(1)} %` : "–";
      line.append(`${name}: `, rate, ` of ${seen.toLocaleString("en")} opened`);
      return line;
    });
    part(this.box, ".rates").replaceChildren(...lines);
  }

  /** @param {string} said */
  #end(said) {
    this.#say("The audience has stopped. Its viewers stay in the log and in the report.");
    const details = part(this.box, "details");
    part(details, "pre").textContent = said;
    details.hidden = !said.trim();
  }

  /** @param {boolean} running */
  #switch(running) {
    this.running = running;
    this.button.setAttribute("aria-pressed", String(running));
    this.button.textContent = running ? "Stop the audience" : "Let an audience loose";
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.box.hidden = false;
    part(this.box, ".state").textContent = sentence;
  }
}
