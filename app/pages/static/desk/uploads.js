// @ts-check
// Pictures on their way to the service, one after the other, each with its progress, its warnings or its refusal.

import { Refusal, upload } from "./calls.js";
import { element, find, say } from "./elements.js";

export class Uploads {
  /** @param {string} path the title's @param {(artwork: string) => Promise<void>} arrived */
  constructor(path, arrived) {
    this.path = path;
    this.arrived = arrived;
    this.list = find("#uploads");
    this.largest = Number(this.list.dataset.largest);
    this.last = Promise.resolve();
    const input = find("#files");
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    this.#takeDrops(find("#drop"));
  }

  /** Send files, after those that are on their way. @param {File[]} files @param {string} [artwork] whose picture a file replaces */
  add(files, artwork) {
    for (const file of files) {
      const row = new Row(file.name, () => this.#queue(row, file, artwork));
      this.list.append(row.root);
      this.#queue(row, file, artwork);
    }
  }

  /** @param {Row} row @param {File} file @param {string} [artwork] */
  #queue(row, file, artwork) {
    row.wait();
    this.last = this.last.then(() => this.#send(row, file, artwork));
  }

  /** @param {Row} row @param {File} file @param {string} [artwork] */
  async #send(row, file, artwork) {
    try {
      if (file.size > this.largest) throw new Refusal(`${file.name} has more than ${this.largest / 2 ** 20} MiB. Send a smaller file.`);
      const form = new FormData();
      if (artwork) form.set("artwork", artwork);
      form.set("file", file);
      const said = await upload(`${this.path}/artworks`, form, (share) => row.progress(share));
      row.done(said);
      await this.arrived(said.artwork.id);
      say(`${file.name} is ${OUTCOMES[said.outcome]}.`);
    } catch (error) {
      row.refuse(error instanceof Error ? error.message : String(error));
    }
  }

  /** A file that is dropped beside the zone does not replace this page. @param {HTMLElement} zone */
  #takeDrops(zone) {
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) zone.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

/** @type {Record<string, string>} */
const OUTCOMES = { new: "added", changed: "replaced", unchanged: "the same picture as before" };

class Row {
  /** @param {string} name @param {() => void} again */
  constructor(name, again) {
    this.bar = /** @type {HTMLProgressElement} */ (element("progress", { max: "1", "aria-label": `Progress of ${name}` }));
    this.state = element("span", { role: "status" });
    this.fault = element("span", { class: "bad", role: "alert" });
    this.warnings = element("ul", { class: "warnings" });
    this.again = element("button", { type: "button" }, `Send ${name} again`);
    this.again.addEventListener("click", again);
    this.root = element("li", {}, element("strong", {}, name), " ", this.bar, " ", this.state, this.fault, " ", this.again, this.warnings);
  }

  wait() {
    this.bar.hidden = false;
    this.bar.value = 0;
    this.again.hidden = true;
    this.state.textContent = "It waits for its turn.";
    this.fault.textContent = "";
  }

  /** @param {number} share */
  progress(share) {
    if (share < 1) this.bar.value = share;
    else this.bar.removeAttribute("value");
    this.state.textContent = share < 1 ? "It is on its way." : "It arrived. The service cuts its crops.";
  }

  /** @param {{outcome: string, artwork: {id: string}, warnings: string[]}} said */
  done({ outcome, artwork, warnings }) {
    this.bar.hidden = true;
    this.state.textContent = `It is ${OUTCOMES[outcome]}: ${artwork.id}.`;
    this.warnings.replaceChildren(...warnings.map((sentence) => element("li", {}, sentence)));
  }

  /** @param {string} sentence */
  refuse(sentence) {
    this.bar.hidden = true;
    this.again.hidden = false;
    this.state.textContent = "";
    this.fault.textContent = sentence;
  }
}
