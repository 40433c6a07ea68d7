// @ts-check
// The browse page: one screen or two, and the windows that all screens share.

import { Audience } from "./audience.js";
import { learned } from "./history.js";
import { Impressions } from "./impressions.js";
import { Player, part } from "./player.js";
import { Screen } from "./screen.js";
import { Viewers } from "./viewers.js";
import { Explanation } from "./why.js";

/** @typedef {import("./service.js").Choice} Choice @typedef {import("./service.js").Viewer} Viewer */

/** @type {{viewer: string, choice: Choice | null, viewers: Viewer[], demo: boolean}} */
const first = JSON.parse(part(document, "#first").textContent ?? "");
const viewers = new Viewers(first.viewers);
const fault = part(document, "#fault");
const screens = part(document, "#screens");
const impressions = new Impressions(fail);
const player = new Player(dialog("#player"), fail);
const explanation = new Explanation(dialog("#why"));
const plain = /** @type {HTMLElement} */ (part(screens, ".screen").cloneNode(true));
const on = {
  fail,
  /** @param {Screen} screen @param {string} title @param {Choice} choice */
  open: (screen, title, choice) =>
    player.open(title, choice, (minutes) => {
      const watched = minutes ? `${screen.viewer.name} opened ${title} and watched ${minutes} min` : `${screen.viewer.name} opened ${title}`;
      part(screen.root, ".said").textContent = `The service knows that ${watched}. It learns from it when the reward window closes. “Ask again” shows what it makes of it.`;
    }),
  /** @param {Screen} screen @param {string} title @param {Choice} choice */
  why: (screen, title, choice) => void explanation.open(title, screen.viewer, choice),
};

const left = new Screen(part(screens, ".screen"), viewers, impressions, on);
/** @type {Screen | null} */
let right = null;

/** @param {unknown} error */
function fail(error) {
  fault.textContent = error instanceof Error ? error.message : String(error);
  fault.hidden = false;
}

/** @param {string} selector */
function dialog(selector) {
  return /** @type {HTMLDialogElement} */ (part(document, selector));
}

function beside() {
  const root = /** @type {HTMLElement} */ (plain.cloneNode(true));
  root.querySelectorAll(".frame").forEach((frame) => frame.replaceChildren());
  root.querySelectorAll("input").forEach((input) => (input.name = "viewer-2"));
  screens.append(root);
  const screen = new Screen(root, viewers, impressions, on);
  screen.list();
  void screen.watch(viewers.other(left.viewer));
  return screen;
}

/** The address keeps the sample viewer, so that the page is the same when it is loaded again. */
function address() {
  const known = first.viewers.some((each) => each.id === left.viewer.id);
  history.replaceState(null, "", known ? `?viewer=${encodeURIComponent(left.viewer.id)}` : "?");
}

part(document, "#split").addEventListener("click", (event) => {
  right?.close();
  right = right ? null : beside();
  screens.classList.toggle("two", right !== null);
  part(document, "#split").setAttribute("aria-pressed", String(right !== null));
});

part(document, "#again").addEventListener("click", () => {
  fault.hidden = true;
  void left.watch(left.viewer);
  void right?.watch(right.viewer);
});

left.root.addEventListener("change", address);

const maker = dialog("#maker");
part(document, "#new-viewer").addEventListener("click", () => maker.showModal());
maker.addEventListener("close", () => {
  if (maker.returnValue !== "make") return;
  const form = /** @type {HTMLFormElement} */ (part(maker, "form"));
  const viewer = viewers.make(new FormData(form));
  maker.returnValue = "";
  form.reset();
  void left.watch(viewer).then(address);
  left.list();
  right?.list();
});

if (viewers.made.length) left.list();
void left.watch(viewers.find(first.viewer), { given: first.choice ?? undefined });

const loose = document.querySelector("#loose");
if (loose instanceof HTMLElement) {
  const audience = new Audience(loose, () => [left, ...(right ? [right] : [])], fail);
  audience.resume().catch(fail);
}

const before = document.querySelector("#before");
if (before instanceof HTMLElement) {
  void learned(before).then(() => [left, right].forEach((screen) => void screen?.watch(screen.viewer)));
}
