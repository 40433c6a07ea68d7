// @ts-check
// The service's HTTP API as the desk uses it. Addresses are relative, so that the path of a proxy stays.

import { SigningIn, signOut } from "../signing_in.js";

/** @typedef {{field: string, reason: string, value?: string}} FieldFault */

const OUT_OF_REACH = "The service does not answer. Check that it runs and that this computer has a network, then try again.";
const CONTENT = /** @type {HTMLElement} */ (document.getElementById("content"));
const FORM = /** @type {HTMLFormElement} */ (document.getElementById("signing-in"));
const signingIn = new SigningIn(FORM, CONTENT);
document.getElementById("sign-out")?.addEventListener("click", () => signOut());

/** A refusal: the service's sentence, and its sentences about single fields. */
export class Refusal extends Error {
  /** @param {string} sentence @param {{status?: number, errors?: FieldFault[]}} [more] */
  constructor(sentence, { status = 0, errors = [] } = {}) {
    super(sentence);
    this.status = status;
    this.errors = errors;
  }
}

/** Wait until somebody is signed in who may edit. @returns {Promise<void>} */
export function signedIn() {
  return signingIn.enter();
}

/** @param {string} path @param {RequestInit} [options] */
export const get = (path, options) => send("GET", path, undefined, options);
/** @param {string} path @param {unknown} body */
export const put = (path, body) => send("PUT", path, body);
/** @param {string} path @param {unknown} body */
export const patch = (path, body) => send("PATCH", path, body);
/** @param {string} path */
export const remove = (path) => send("DELETE", path);

/**
 * Send a call, again after a new sign-in if the session is over. Throws a `Refusal`, which has the status 412 if the title
 * is not at the `revision`.
 * @param {string} method @param {string} path @param {unknown} [body] @param {RequestInit} [options] @param {string} [revision]
 * @returns {Promise<any>}
 */
export async function send(method, path, body, options, revision) {
  /** @type {Record<string, string>} */ const headers = revision ? { "If-Match": `"${revision}"` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const content = { headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await answered(path, { method, ...content, ...options });
  return answer.status === 204 ? null : answer.json().catch(() => null);
}

/** Get a file, such as a picture that only editors may see. Throws a `Refusal`. @param {string} path @returns {Promise<Blob>} */
export async function file(path) {
  return (await answered(path)).blob();
}

/** Return the answer of a call, unless it is a refusal, which is thrown. @param {string} path @param {RequestInit} [options] */
async function answered(path, options) {
  for (;;) {
    const answer = await fetch(path, options).catch(() => null);
    if (answer === null) throw new Refusal(OUT_OF_REACH);
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => null);
    if (!(await signsInAgain(answer.status, said))) throw refusalOf(answer.status, said);
  }
}

/**
 * Send a file with its progress, a share of 1. Throws a `Refusal`.
 * @param {string} path @param {FormData} form @param {(share: number) => void} progress @returns {Promise<any>}
 */
export async function upload(path, form, progress) {
  for (;;) {
    const { status, said } = await transferred(path, form, progress);
    if (status === 200 || status === 201) return said;
    if (!(await signsInAgain(status, said))) throw refusalOf(status, said);
  }
}

/** `fetch` tells nothing of the progress of what it sends; XMLHttpRequest does.
 * @param {string} path @param {FormData} form @param {(share: number) => void} progress
 * @returns {Promise<{status: number, said: any}>} */
function transferred(path, form, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("load", () => resolve({ status: request.status, said: request.response }));
    request.addEventListener("error", () => reject(new Refusal(OUT_OF_REACH)));
    request.open("POST", path);
    request.send(form);
  });
}

/** @param {number} status @param {any} said */
async function signsInAgain(status, said) {
  if (status !== 401) return false;
  await signingIn.ask(said?.detail ?? "The session is over.");
  return true;
}

/** @param {number} status @param {any} said */
function refusalOf(status, said) {
  return new Refusal(said?.detail ?? `The service answered with status ${status}. Its log says why.`, { status, errors: said?.errors });
}
