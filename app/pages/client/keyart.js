/**
 * The browser client of Keyart. `<keyart-artwork for-title="sintel" profile="ada"></keyart-artwork>` shows the picture
 * that Keyart chose, and reports that it was seen or clicked: docs/clients.md. Apache-2.0.
 */

const NAME = 'keyart-artwork';
const HOME = new URL('.', import.meta.url).href;
const HINTS = 'profile placement canvas device country language timezone maturity width release page'.split(' ');
const SPOT = ['release', 'page', 'row', 'column'];
const MOST_TITLES = 200; // of one call
const MOST_BEACON = 150; // items of one beacon: a browser takes 64 KiB
const SEEN_AFTER = 1000; // milliseconds in which half of a picture is in view
const PATIENCE = 2000; // milliseconds until the page's own picture is shown
const TOGETHER = 500; // milliseconds in which impressions are collected
const STYLE = `
:host { display: block }
:host([hidden]) { display: none }
div { position: relative; width: 100%; height: 100%; overflow: hidden; border-radius: inherit; background: center / cover }
img, slot { display: none }
img, ::slotted(*) { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover }
[data-shows=picture] img { display: block }
[data-shows=default] slot { display: contents }`;
/** An AVIF picture of one pixel. Only decoding it tells whether a browser can. */
const AVIF =
  'AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOltZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAA' +
  'AAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAAQ0AAAAbAAAAKGlpbmYAAAAAAAEAAAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAAAAAGhpcHJwAAAA' +
  'SWlwY28AAAAUaXNwZQAAAAAAAAABAAAAAQAAAA5waXhpAAAAAAEIAAAADGF2MUOBABwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAA' +
  'AAEAAQQBAoMEAAAAI21kYXQSAAoHGAAG2AhoNTIOH/UVwAAsAICQNaKKXrg=';

/** A server has no elements; there the module does nothing. */
const Base = globalThis.HTMLElement ?? class {};
let sheet;
let formats;

/** Send feedback. A beacon arrives also if the page is left. */
function beacon(address, items) {
  const body = JSON.stringify(items); // a text makes it text/plain, so that a browser does not ask ahead
  if (!navigator.sendBeacon(address, body)) send(address, body).catch(() => {});
}

function send(address, body) {
  return fetch(address, {method: 'POST', body, keepalive: true});
}

async function accepted() {
  try {
    const bytes = Uint8Array.from(atob(AVIF), (letter) => letter.charCodeAt(0));
    (await createImageBitmap(new Blob([bytes], {type: 'image/avif'}))).close();
    return 'application/json, image/avif, image/webp';
  } catch {
    return 'application/json, image/webp';
  }
}

/** The impressions that were not sent yet: for each address the items by their decision. */
class Impressions {
  #items = new Map();
  #timer = 0;

  add(address, item) {
    const seen = performance.now();
    this.#put(address, {...item, get seconds_ago() { return (performance.now() - seen) / 1000; }});
    this.#timer ||= setTimeout(() => this.flush(false), TOGETHER);
  }

  flush(leaving) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const [address, found] of this.#items) {
      const all = [...found.values()];
      for (let first = 0; first < all.length; first += MOST_BEACON) {
        const items = all.slice(first, first + MOST_BEACON);
        if (leaving) beacon(address, items);
        else send(address, JSON.stringify(items)).catch(() => items.forEach((item) => this.#put(address, item)));
      }
    }
    this.#items.clear();
  }

  /** Repeats do no harm, so what did not arrive is put back. */
  #put(address, item) {
    if (!this.#items.has(address)) this.#items.set(address, new Map());
    this.#items.get(address).set(item.decision_id, item);
  }
}

const impressions = new Impressions();

export class KeyartArtwork extends Base {
  static observedAttributes = ['for-title', 'src', 'gpc', ...HINTS, 'alt', 'sizes', 'loading'];
  /** Values of attributes that an element does not have. */
  static defaults = {};

  static #all = new Set();
  static #asking = new Set();
  static #frame = 0;
  static #views;
  static #widths;

  #box;
  #img;
  #choice = null;
  #service = '';
  #title = '';
  /** The call whose answer this element waits for. */
  #call = null;
  #silent = false;
  #inView = false;
  #loaded = false;
  #reported = false;
  #second = 0;

  static {
    if (globalThis.document) KeyartArtwork.#begin();
  }

  static #begin() {
    this.#views = new IntersectionObserver(
      (entries) => {
        for (const {target, isIntersecting, intersectionRatio} of entries) {
          const element = target;
          element.#inView = isIntersecting && intersectionRatio >= 0.5;
          element.#look();
        }
      },
      {threshold: 0.5},
    );
    this.#widths = new ResizeObserver((entries) => {
      for (const entry of entries) entry.target.#fit(entry.contentRect.width);
    });
    document.addEventListener('click', (event) => this.#clicked(event), true);
    document.addEventListener('auxclick', (event) => event.button === 1 && this.#clicked(event), true);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') impressions.flush(true);
      for (const element of this.#all) element.#look();
    });
    addEventListener('pagehide', () => {
      impressions.flush(true);
      for (const element of this.#all) {
        element.#call = null; // a browser ends calls when a page is left
        element.#forget();
      }
    });
    addEventListener('pageshow', ({persisted}) => {
      if (persisted) for (const element of this.#all) element.refresh();
    });
  }

  /** The keyboard presses the link or button around a picture. */
  static #clicked(event) {
    const path = event.composedPath().filter((node) => node instanceof Element);
    const pressed = path.find((node) => node.matches('a, button, [role=link], [role=button]'));
    for (const element of this.#all) {
      if (path.includes(element) || pressed?.contains(element)) element.clicked();
    }
  }

  static #askAll() {
    this.#frame = 0;
    const pages = new Map();
    for (const element of this.#asking) {
      const title = element.getAttribute('for-title');
      if (!title) {
        element.#showDefault('The element has no for-title; write the id of a title.');
        continue;
      }
      const page = JSON.stringify(element.#request());
      const titles = pages.get(page) ?? new Map();
      titles.set(title, [...(titles.get(title) ?? []), element]);
      pages.set(page, titles);
    }
    this.#asking.clear();
    for (const [page, titles] of pages) {
      const all = [...titles];
      for (let first = 0; first < all.length; first += MOST_TITLES) {
        const [service, silent, hints] = JSON.parse(page);
        this.#ask(service, silent, hints, new Map(all.slice(first, first + MOST_TITLES)));
      }
    }
  }

  static async #ask(
    service,
    silent,
    hints,
    titles,
  ) {
    const call = {};
    for (const element of [...titles.values()].flat()) element.#call = call;
    const choices = new Map();
    let reason = '';
    try {
      const signal = AbortSignal.timeout(Number(this.defaults.patience ?? PATIENCE));
      const headers = {Accept: await (formats ??= accepted())};
      const spots = Object.fromEntries([...titles].map(([title, [element]]) => [title, element.#spot()]));
      const body = JSON.stringify({...hints, spots, titles: [...titles.keys()]});
      const answer = await fetch(`${service}artwork`, {method: 'POST', headers, body, signal});
      const content = await answer.json();
      if (!answer.ok) reason = content.detail;
      else for (const choice of content.choices) choices.set(choice.title, choice);
    } catch (error) {
      reason = `Keyart at ${service} gave no answer: ${error}`;
    }
    for (const [title, elements] of titles) {
      for (const element of elements) {
        if (element.#call !== call) continue; // it asks for something else now
        element.#call = null;
        const choice = choices.get(title);
        if (choice) element.#show(choice, service, silent);
        else element.#showDefault(reason || `Keyart has no picture of '${title}' for this viewer.`);
      }
    }
  }

  constructor() {
    super();
    const root = this.attachShadow({mode: 'open'});
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
    }
    root.adoptedStyleSheets = [sheet];
    this.#box = document.createElement('div');
    this.#img = document.createElement('img');
    this.#img.setAttribute('part', 'image');
    this.#img.addEventListener('load', () => {
      this.#loaded = true;
      this.#look();
    });
    this.#img.addEventListener('error', () => this.#showDefault(`The picture ${this.#img.src} did not load.`));
    this.#box.append(document.createElement('slot'), this.#img);
    root.append(this.#box);
  }

  connectedCallback() {
    KeyartArtwork.#all.add(this);
    KeyartArtwork.#views.observe(this);
    KeyartArtwork.#widths.observe(this);
    if (!this.#choice) this.refresh(); // an element that only moves keeps its picture
  }

  disconnectedCallback() {
    KeyartArtwork.#all.delete(this);
    KeyartArtwork.#asking.delete(this);
    KeyartArtwork.#views.unobserve(this);
    KeyartArtwork.#widths.unobserve(this);
    this.#inView = false;
    this.#forget();
  }

  attributeChangedCallback(
    name,
    before,
    now,
  ) {
    if (before === now) return;
    if (name === 'alt' || name === 'sizes' || name === 'loading') this.#dress();
    else if (this.isConnected) this.refresh();
    else this.#choice = null;
  }

  /** The answer whose picture is shown, or null. */
  get choice() {
    return this.#box.dataset.shows === 'picture' ? this.#choice : null;
  }

  /** Ask again, together with all elements that ask before the next frame. */
  refresh() {
    this.#call = null;
    if ((this.getAttribute('for-title') ?? '') !== this.#title) this.#clear();
    KeyartArtwork.#asking.add(this);
    KeyartArtwork.#frame ||= requestAnimationFrame(() => KeyartArtwork.#askAll());
  }

  /** Report a click that the element does not see, such as one on a text beside it. */
  clicked() {
    this.#report('clicks', {});
  }

  /** Report for how many seconds the viewer has watched the title. */
  played(seconds) {
    this.#report('plays', {seconds});
  }

  #value(name) {
    return this.getAttribute(name) ?? KeyartArtwork.defaults[name];
  }

  /** Elements with equal requests share a call. */
  #request() {
    const silent = this.#value('gpc') != null && !!navigator.globalPrivacyControl;
    const hints = {
      language: document.documentElement.lang || navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
    for (const name of HINTS) hints[name] = this.#value(name) ?? hints[name]; // the service checks them
    if (silent) delete hints.profile;
    this.#box.style.aspectRatio = `${hints.canvas ?? '16:9'}`.replace(':', ' / ');
    const service = new URL(`${this.#value('src') ?? HOME}`.replace(/\/*$/, '/'), document.baseURI).href;
    return [service, silent, hints];
  }

  #clear() {
    this.#title = this.getAttribute('for-title') ?? '';
    this.#choice = null;
    this.#box.dataset.shows = '';
    this.#box.style.backgroundImage = '';
    this.#forget();
  }

  #show(choice, service, silent) {
    const {url, srcset, width, height, placeholder} = choice.image;
    const at = (path) => new URL(path, service).href;
    this.#choice = choice;
    this.#service = service;
    this.#silent = silent;
    this.#reported = false;
    if (this.#img.src !== at(url) || this.#box.dataset.shows !== 'picture') {
      this.#loaded = false;
      this.#box.style.backgroundImage = `url("${placeholder}")`;
      this.#img.width = width;
      this.#img.height = height;
      this.#dress();
      this.#img.srcset = srcset.replace(/[^\s,]+(?= \d+w)/g, at);
      this.#img.src = at(url);
    } else this.#dress();
    this.#box.dataset.shows = 'picture';
    this.#look();
    this.#tell('keyart-choice', choice);
  }

  /** Put on the image what attributes say of it. */
  #dress() {
    if (!this.#choice) return;
    this.#img.alt = this.getAttribute('alt') ?? this.#choice.image.alt;
    this.#img.loading = this.getAttribute('loading') === 'eager' ? 'eager' : 'lazy';
    this.#fit(this.#box.clientWidth);
  }

  #fit(width) {
    const sizes = this.getAttribute('sizes') ?? `${Math.ceil(width) || 320}px`;
    if (this.#img.sizes !== sizes) this.#img.sizes = sizes;
  }

  /** Show the page's own picture. */
  #showDefault(reason) {
    this.#choice = null;
    this.#box.dataset.shows = 'default';
    this.#box.style.backgroundImage = '';
    this.#img.removeAttribute('srcset');
    this.#img.removeAttribute('src');
    this.#forget();
    this.#tell('keyart-default', {reason});
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail, bubbles: true}));
  }

  /** Begin or end the second after which the picture was seen. */
  #look() {
    this.#forget();
    if (!this.#inView || !this.#loaded || this.#reported || document.visibilityState !== 'visible') return;
    this.#second = setTimeout(() => {
      this.#reported = true;
      const item = this.#item();
      if (item) impressions.add(`${this.#service}impressions`, item);
    }, SEEN_AFTER);
  }

  #forget() {
    clearTimeout(this.#second);
  }

  #report(what, more) {
    const item = this.#item();
    if (item) beacon(this.#service + what, [{...item, ...more}]);
  }

  /** An item of feedback; none of a fallback or for a private viewer. */
  #item() {
    const id = !this.#silent && this.choice?.decision_id;
    return id && {decision_id: id, ...this.#spot()};
  }

  #spot() {
    return Object.fromEntries(SPOT.map((name) => [name, this.#value(name)]));
  }
}

if (globalThis.customElements && !customElements.get(NAME)) customElements.define(NAME, KeyartArtwork);
