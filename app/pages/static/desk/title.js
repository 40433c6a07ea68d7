// @ts-check
// A title's page: its pictures, how they do, its own fields, and its history.

import { get, put, signedIn } from "./calls.js";
import { Card } from "./card.js";
import { attempt, find, say } from "./elements.js";
import { Fields } from "./fields.js";
import { History } from "./history.js";
import { showProbabilities } from "./probabilities.js";
import { showRates } from "./rates.js";
import { SharesOverTime } from "./shares.js";
import { Uploads } from "./uploads.js";

const ID = new URLSearchParams(location.search).get("title") ?? "";
const PATH = `titles/${encodeURIComponent(ID)}`;
/** @type {Map<string, Card>} */ const cards = new Map();

const edits = new History(ID, PATH, reload);
const uploads = new Uploads(PATH, async (artwork) => {
  await reload();
  cards.get(artwork)?.describe();
});
const shares = new SharesOverTime(ID);
const own = new Fields(find("#title-form"), async (changed) => {
  await put(PATH, changed);
  await reload();
  say("The title is saved.");
});

/** Show the title as it is now, and what changed it. */
async function reload() {
  const query = new URLSearchParams({ title: ID });
  const [title, report] = await Promise.all([get(PATH), get(`report?${query}`), edits.refresh()]);
  show(title);
  showRates(find("#rates"), title, report);
  void showProbabilities(PATH, title);
  void shares.show(title);
}

/** @param {any} title */
function show(title) {
  document.title = `${title.name} · Keyart`;
  find("#name").textContent = title.name;
  find("#id").textContent = title.id;
  own.fill(title);
  edits.name(title);
  for (const id of cards.keys()) if (!title.artworks.some((/** @type {any} */ each) => each.id === id)) drop(id);
  for (const artwork of title.artworks) card(artwork.id).show(artwork, title);
}

/** @param {string} id */
function card(id) {
  const found = cards.get(id);
  if (found) return found;
  const made = new Card(PATH, id, { changed: reload, replace: (file) => uploads.add([file], id) });
  cards.set(id, made);
  find("#artworks").append(made.root);
  return made;
}

/** @param {string} id */
function drop(id) {
  cards.get(id)?.root.remove();
  cards.delete(id);
}

await signedIn();
await attempt(reload);
