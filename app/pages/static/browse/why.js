// @ts-check
/** @typedef {import("./service.js").Choice} Choice @typedef {import("./service.js").Viewer} Viewer */
import { part } from "./player.js";
import { why } from "./service.js";

/** The window that says why a viewer sees a picture. */
export class Explanation {
  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.dialog = dialog;
  }

  /** @param {string} name @param {Viewer} viewer @param {Choice} choice */
  async open(name, viewer, choice) {
    part(this.dialog, "h2").textContent = `Why does ${viewer.name} see this picture of ${name}?`;
    this.#write(["…"]);
    this.dialog.showModal();
    try {
      this.#write([...(await reasons(choice)), ...origin(choice)]);
    } catch (error) {
      this.#write([error instanceof Error ? error.message : String(error)]);
    }
  }

  /** @param {string[]} sentences */
  #write(sentences) {
    const lines = sentences.map((sentence) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      return line;
    });
    part(this.dialog, ".body").replaceChildren(...lines);
  }
}

/** @param {Choice} choice @returns {Promise<string[]>} */
async function reasons(choice) {
  if (!choice.decision_id) {
    return ["The service could not decide in time, so everyone would see this default picture. Nothing is learned from it."];
  }
  const told = await why(choice.decision_id);
  const said = [...told.reasons];
  if (told.probability !== null && told.candidates > 1) said.push(chance(told.probability, told.candidates));
  if (told.candidates === 1) said.push("The title has only this picture, so there was nothing to choose.");
  return said;
}

/** Compare the probability with that of chance. The service's own reasons tell it already. @param {number} probability @param {number} candidates */
function chance(probability, candidates) {
  const even = 1 / candidates;
  const shown = `If the service knew nothing, each picture would have a chance of ${percent(even)}.`;
  if (probability > 1.5 * even) return `${shown} The service expects this viewer to open it sooner than most others.`;
  if (probability < 0.7 * even) return `${shown} The service expects little of it, but still tries it now and then.`;
  return shown;
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** @param {Choice} choice */
function origin({ image }) {
  const by = [image.creator, image.licence].filter(Boolean).join(", ");
  return [`It shows: ${image.alt}`, ...(by ? [`The picture is by ${by}.`] : [])];
}
