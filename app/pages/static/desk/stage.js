// @ts-check
// The whole picture, with its focus and its faces drawn over it. A click is a point, a drag is a box. While the frame of a
// crop is shown, a drag moves the frame or one of its corners.

import { file } from "./calls.js";
import { drawn } from "./drawing.js";
import { drawnTo, holds, moved, opposite } from "./frame.js";

/** @typedef {[number, number]} Point @typedef {[number, number, number, number]} Box x, y, width, height
 * @typedef {{focus: Point | null, faces: Box[], crops: Record<string, Box | null>}} Look all in shares of the picture's width and height
 * @typedef {{at: Point, to: Point, far: boolean, frame: Box | null, corner: Point | null}} Drag with the frame at its begin, and its corner that stays */

/** Below this many pixels of the screen a movement is a click and not a drag. */
const STILL = 5;
/** So near to a corner of a frame, in pixels of the screen, a drag moves that corner. A finger is wide. */
const NEAR = 22;

export class Stage {
  /** @param {HTMLElement} root @param {{point: (point: Point) => void, box: (box: Box) => void, frame: (box: Box) => void}} on */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.canvas = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
    this.overlay = drawn("svg", { "aria-hidden": "true" });
    root.append(this.overlay);
    /** @type {Drag | null} */ this.drag = null;
    /** @type {Look} */ this.look = { focus: null, faces: [], crops: {} };
    /** @type {Box | null} */ this.framed = null;
    this.shape = 0;
    this.overlay.addEventListener("pointerdown", (event) => this.#begin(event));
    this.overlay.addEventListener("pointermove", (event) => this.#move(event));
    this.overlay.addEventListener("pointerup", () => this.#end());
    this.overlay.addEventListener("pointercancel", () => this.#cancel());
  }

  /** Fetch and show the picture. Throws a `Refusal`. @param {string} path */
  async load(path) {
    const picture = await createImageBitmap(await file(path));
    this.canvas.width = picture.width;
    this.canvas.height = picture.height;
    this.canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    this.overlay.setAttribute("viewBox", `0 0 ${this.canvas.width} ${this.canvas.height}`);
    this.root.hidden = false;
    this.#draw();
  }

  /** @param {Look} look */
  show(look) {
    this.look = look;
    this.#draw();
  }

  /** Let the mouse change the frame of a crop, of this width by height in shares; a shape of 0 is no crop. @param {Box | null} box @param {number} shape */
  frame(box, shape) {
    this.framed = box?.every(Number.isFinite) ? box : null;
    this.shape = shape;
    this.#draw();
  }

  #draw() {
    const { focus, faces } = this.look;
    const frame = this.shape && this.framed ? [this.#frame(this.framed)] : [];
    const rubber = this.drag?.far && !this.shape ? [this.#rectangle(boxOf(this.drag), "rubber")] : [];
    const boxes = faces.filter((face) => face.every(Number.isFinite)).map((face, number) => this.#face(face, number));
    const point = focus?.every(Number.isFinite) ? [this.#point(focus)] : [];
    this.overlay.replaceChildren(...frame, ...boxes, ...point, ...rubber);
  }

  /** @param {Box} face @param {number} number */
  #face(face, number) {
    const size = this.canvas.width / 24;
    const label = drawn("text", { x: String(face[0] * this.canvas.width + size / 4), y: String(face[1] * this.canvas.height + size), "font-size": String(size) });
    label.textContent = String(number + 1);
    return drawn("g", { class: "face" }, this.#rectangle(face), label);
  }

  /** Darken the picture outside a frame, and show where its corners can be drawn. @param {Box} box */
  #frame(box) {
    const { width, height } = this.canvas;
    const [x, y, across, down] = [box[0] * width, box[1] * height, box[2] * width, box[3] * height];
    const outside = drawn("path", { class: "outside", "fill-rule": "evenodd", d: `M0 0H${width}V${height}H0ZM${x} ${y}v${down}h${across}v${-down}Z` });
    const size = width / 60;
    const corners = [x, x + across].flatMap((cx) => [y, y + down].map((cy) => drawn("circle", { class: "corner", cx: String(cx), cy: String(cy), r: String(size) })));
    return drawn("g", { class: "frame" }, outside, this.#rectangle(box), ...corners);
  }

  /** Two strokes, one dark and one light, are seen on every picture. @param {Box} box @param {string} [name] */
  #rectangle(box, name = "box") {
    const { width, height } = this.canvas;
    const place = { x: String(box[0] * width), y: String(box[1] * height), width: String(Math.max(0, box[2]) * width), height: String(Math.max(0, box[3]) * height) };
    return drawn("g", { class: name }, drawn("rect", { ...place, class: "under" }), drawn("rect", place));
  }

  /** @param {Point} focus */
  #point([x, y]) {
    const place = { cx: String(x * this.canvas.width), cy: String(y * this.canvas.height) };
    const size = this.canvas.width / 40;
    return drawn(
      "g",
      { class: "focus" },
      drawn("circle", { ...place, r: String(size), class: "under" }),
      drawn("circle", { ...place, r: String(size) }),
      drawn("circle", { ...place, r: String(size / 5), class: "dot" }),
    );
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.overlay.setPointerCapture(event.pointerId);
    const at = this.#place(event);
    const { width, height } = this.overlay.getBoundingClientRect();
    const corner = this.framed && opposite(this.framed, at, [NEAR / width, NEAR / height]);
    this.drag = { at, to: at, far: false, frame: this.framed, corner };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.drag) return;
    this.drag.to = this.#place(event);
    this.drag.far ||= this.#pixels(this.drag) >= STILL;
    if (this.shape && this.drag.far) this.on.frame(this.#framed(this.drag));
    this.#draw();
  }

  #end() {
    const { drag } = this;
    this.#cancel();
    if (!drag || this.shape) return;
    const box = boxOf(drag);
    if (!drag.far) this.on.point(drag.at);
    else if (box[2] && box[3]) this.on.box(box);
  }

  /** @param {Drag} drag @returns {Box} */
  #framed({ at, to, frame, corner }) {
    if (frame && !corner && holds(frame, at)) return moved(frame, [to[0] - at[0], to[1] - at[1]]);
    return drawnTo(corner ?? at, to, this.shape);
  }

  #cancel() {
    this.drag = null;
    this.#draw();
  }

  /** Return the place of a pointer in the picture; outside it, the nearest place on its edge. @param {PointerEvent} event @returns {Point} */
  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.overlay.getBoundingClientRect();
    return [share((clientX - left) / width), share((clientY - top) / height)];
  }

  /** @param {{at: Point, to: Point}} drag */
  #pixels({ at, to }) {
    const { width, height } = this.overlay.getBoundingClientRect();
    return Math.hypot((to[0] - at[0]) * width, (to[1] - at[1]) * height);
  }
}

/** Return the box between two places. @param {{at: Point, to: Point}} places @returns {Box} */
function boxOf({ at, to }) {
  const [x, y] = [Math.min(at[0], to[0]), Math.min(at[1], to[1])];
  return [x, y, share(Math.max(at[0], to[0]) - x), share(Math.max(at[1], to[1]) - y)];
}

/** Return a share of 1 in thousandths, which are finer than a screen shows. @param {number} value */
function share(value) {
  return Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;
}
