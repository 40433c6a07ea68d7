// @ts-check
/** The page of the dashboard for somebody who is not signed in as an admin. */

import { SigningIn } from "../signing_in.js";
import { find } from "./text.js";

// A browser that followed a sign-in link from another site does not send the new cookie until a page of this service
// asks. Without the fragment, the second attempt shows the form.
if (location.hash === "#signed-in") location.replace(location.pathname);

const why = sessionStorage.getItem("keyart-ended") ?? "";
sessionStorage.removeItem("keyart-ended");
const form = /** @type {HTMLFormElement} */ (find("#signing-in"));
await new SigningIn(form, find("#content")).ask(why);
location.replace(location.pathname);
