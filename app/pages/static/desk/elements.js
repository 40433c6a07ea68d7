// @ts-check
// Elements of the page. Values become text only, so that no name that somebody typed can become HTML.

/**
 * @param {string} name @param {Record<string, string>} [attributes] @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Return the element that has to be there. @param {string} selector @param {ParentNode} [within] @returns {any} */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

/** Return a copy of the one element in a template. @param {string} id @returns {HTMLElement} */
export function copyOf(id) {
  return find("*", find(`template#${id}`).content).cloneNode(true);
}

/** Say in a live region what was done. @param {string} sentence */
export function say(sentence) {
  fault("");
  find("#said").textContent = sentence;
}

/** Say what went wrong with the whole page. @param {string} sentence */
export function fault(sentence) {
  const place = find("#fault");
  place.textContent = sentence;
  place.hidden = !sentence;
}

/** Run what a person asked for, and show its refusal. @param {() => Promise<unknown>} doing @param {(sentence: string) => void} [complain] */
export async function attempt(doing, complain = fault) {
  complain("");
  try {
    await doing();
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
  }
}

/** The address of a picture below this page, on whatever origin the service calls its own. @param {string} url */
export function imageAddress(url) {
  return `images/${url.split("/").pop()}`;
}

/** @param {string} srcset */
export function imageAddresses(srcset) {
  return srcset.split(", ").map(imageAddress).join(", ");
}
