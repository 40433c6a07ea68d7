// @ts-check
/** The form that exchanges a key for a session. */

import { answered } from "./asking.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("#sign-in"));
const key = /** @type {HTMLInputElement} */ (document.querySelector("#key"));
const fault = /** @type {HTMLElement} */ (document.querySelector("#fault"));
const ended = /** @type {HTMLElement} */ (document.querySelector("#ended"));

// A browser that followed a sign-in link from another site does not send the new cookie until a page of this service
// asks. Without the fragment, the second attempt shows the form.
if (location.hash === "#signed-in") location.replace(location.pathname);

const why = sessionStorage.getItem("keyart-ended");
if (why) {
  sessionStorage.removeItem("keyart-ended");
  ended.textContent = why;
  ended.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  fault.textContent = "";
  try {
    await answered("session", { method: "POST", body: { key: key.value } });
    location.replace(location.pathname);
  } catch (error) {
    fault.textContent = error.message;
    key.focus();
    key.select();
  }
});
key.focus();
