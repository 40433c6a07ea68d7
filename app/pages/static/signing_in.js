// @ts-check
// The form that exchanges a key for a session (templates/signing_in.html). Pages that only some keys open use it.

const OUT_OF_REACH = "The service does not answer. Check that it runs and that this computer has a network, then try again.";

/** Shows the form instead of the page's content while nobody is signed in who may see it. */
export class SigningIn {
  /** @param {HTMLFormElement} form @param {HTMLElement} content */
  constructor(form, content) {
    this.form = form;
    this.content = content;
    this.fault = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
    this.key = /** @type {HTMLInputElement} */ (form.elements.namedItem("key"));
    /** @type {(() => void)[]} */ this.waiting = [];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /**
   * Return when somebody is signed in. The server may have missed a session: a browser that came by a link on another
   * site does not send the cookie until this page asks.
   */
  async enter() {
    if (this.form.hidden) return;
    if (rolesOf(this.form).includes(await role())) this.#open();
    else await this.ask();
  }

  /**
   * Show the form, and return when somebody has signed in. What stands in the content stays there.
   * @param {string} [sentence] why a key is needed again
   * @returns {Promise<void>}
   */
  ask(sentence = "") {
    this.content.hidden = true;
    this.form.hidden = false;
    this.fault.textContent = sentence;
    this.key.focus();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async #send() {
    this.fault.textContent = "";
    try {
      const sentence = await this.#refused(this.key.value);
      if (sentence) return this.#complain(sentence);
    } catch {
      return this.#complain(OUT_OF_REACH);
    }
    this.key.value = "";
    this.#open();
  }

  #open() {
    this.form.hidden = true;
    this.content.hidden = false;
    this.waiting.splice(0).forEach((resolve) => resolve());
  }

  /** Open a session. Returns the sentence why it does not open this page, or an empty text. @param {string} key */
  async #refused(key) {
    const headers = { "Content-Type": "application/json" };
    const opened = await fetch("session", { method: "POST", headers, body: JSON.stringify({ key }) });
    if (!opened.ok) return (await opened.json()).detail;
    const own = await role();
    if (rolesOf(this.form).includes(own)) return "";
    await fetch("session", { method: "DELETE" });
    return `This is the ${own} key, which does not open this page. Use ${this.form.dataset.keys}.`;
  }

  /** @param {string} sentence */
  #complain(sentence) {
    this.fault.textContent = sentence;
    this.key.select();
    this.key.focus();
  }
}

/** The roles that the page admits. @param {HTMLFormElement} form */
function rolesOf(form) {
  return form.dataset.roles?.split(" ") ?? [];
}

/** Return the role of this browser's session; empty if there is none. @returns {Promise<string>} */
async function role() {
  const answer = await fetch("session").catch(() => null);
  return answer?.ok ? (await answer.json()).role : "";
}

/** End the session, and show the page as somebody sees it who is not signed in. */
export async function signOut() {
  await fetch("session", { method: "DELETE" });
  location.reload();
}
