// @ts-check
// The list of titles: searched and paged by the service, so that 10,000 of them are as quick as ten.

import { get, put, Refusal, signedIn } from "./calls.js";
import { attempt, copyOf, element, find, imageAddress, imageAddresses } from "./elements.js";
import { Fields } from "./fields.js";

const ON_A_PAGE = 48;
/** To anybody the service names only the pictures that it serves to everybody. @type {RequestInit} */
const ANYBODY = { credentials: "omit" };
const NUMBER = new Intl.NumberFormat("en");

function asked() {
  const query = new URLSearchParams(location.search);
  return { search: (query.get("search") ?? "").slice(0, 200), page: Math.max(1, Math.trunc(Number(query.get("page"))) || 1) };
}

/** @param {string} search @param {number} page */
function address(search, page) {
  const query = new URLSearchParams();
  if (search) query.set("search", search);
  if (page > 1) query.set("page", String(page));
  return query.size ? `desk?${query}` : "desk";
}

async function show() {
  const { search, page } = asked();
  find("#words").value = search;
  const offset = (page - 1) * ON_A_PAGE;
  const { titles, total } = await get(`titles?${new URLSearchParams({ search, limit: String(ON_A_PAGE), offset: String(offset) })}`, ANYBODY);
  find("#titles").replaceChildren(...titles.map(row));
  find("#count").textContent = counted(titles.length, offset, total, search);
  link("#before", page > 1 && address(search, page - 1));
  link("#after", offset + titles.length < total && address(search, page + 1));
  find("#pages").hidden = total <= ON_A_PAGE;
}

/** @param {number} many @param {number} offset @param {number} total @param {string} search */
function counted(many, offset, total, search) {
  const matching = search ? ` that match “${search}”` : "";
  if (!total) return search ? `No title matches “${search}”.` : "There is no title yet. Make one below, or import a folder with “keyart import”.";
  if (!many) return `There are only ${NUMBER.format(total)} titles${matching}. Go back to the first page.`;
  return `Titles ${NUMBER.format(offset + 1)} to ${NUMBER.format(offset + many)} of ${NUMBER.format(total)}${matching}, by id`;
}

/** @param {string} selector @param {string | false} to */
function link(selector, to) {
  const found = find(selector);
  if (to) found.setAttribute("href", to);
  else found.removeAttribute("href");
}

/** @param {any} title */
function row(title) {
  const made = copyOf("title");
  find("a", made).setAttribute("href", `desk?${new URLSearchParams({ title: title.id })}`);
  find(".name", made).textContent = title.name;
  find(".id", made).textContent = title.id;
  find(".badges", made).append(...badges(title).map((text) => element("span", { class: "badge" }, text)));
  picture(find("img", made), title);
  return made;
}

/** @param {HTMLImageElement} image @param {any} title */
function picture(image, title) {
  const seen = title.artworks.filter((/** @type {any} */ each) => each.image);
  const chosen = seen.find((/** @type {any} */ each) => each.id === title.default) ?? seen[0];
  if (!chosen) return;
  image.sizes = "(min-width: 40rem) 20rem, 45vw";
  image.srcset = imageAddresses(chosen.image.srcset);
  image.src = imageAddress(chosen.image.url);
}

/** @param {any} title */
function badges(title) {
  const of = (/** @type {string} */ status) => title.artworks.filter((/** @type {any} */ each) => each.status === status).length;
  const many = title.artworks.length;
  return [
    many === 1 ? "1 picture" : `${many || "no"} pictures`,
    ...["paused", "withdrawn"].filter(of).map((status) => `${of(status)} ${status}`),
    ...(title.pins.length ? [`${title.pins.length} pinned`] : []),
  ];
}

find("#search").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  history.pushState(null, "", address(find("#words").value.trim(), 1));
  void attempt(show);
});
window.addEventListener("popstate", () => attempt(show));
new Fields(find("#new"), async ({ title = "", name = "" }) => {
  if (!title) throw new Refusal("The title needs an id.", { errors: [{ field: "title", reason: "It is required" }] });
  const path = `titles/${encodeURIComponent(title)}`;
  if (await exists(path)) throw new Refusal("", { errors: [{ field: "title", reason: "There is a title with this id" }] });
  await put(path, { name });
  location.assign(`desk?${new URLSearchParams({ title })}`);
}).fill({});

/** @param {string} path */
async function exists(path) {
  try {
    return await get(path);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

await signedIn();
await attempt(show);
