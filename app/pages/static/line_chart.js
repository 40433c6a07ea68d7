// @ts-check
// A chart of lines over time, each perhaps with the band of its intervals. The page says the numbers beside it as text.

import uPlot from "../vendor/uplot/uPlot.esm.js";

const NARROW = 320;
const BAND = "2b"; // the last two digits of a colour: a sixth of its strength
const AXIS = 60;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} colour as `#rrggbb`
 * @property {boolean} [dashed]
 * @property {(number | null)[]} values one for each of the times
 * @property {([number, number] | null)[]} [intervals]
 * @typedef {object} Shape
 * @property {number} height
 * @property {(value: number) => string} told a value on the axis
 * @property {(seconds: number) => string} when a time on the axis
 */

export class LineChart {
  /** @param {HTMLElement} box @param {Shape} shape */
  constructor(box, shape) {
    this.box = box;
    this.shape = shape;
    this.names = "";
    /** @type {any} */ this.plot = null;
    box.setAttribute("aria-hidden", "true");
    new ResizeObserver(() => this.plot?.setSize(this.#size())).observe(box);
  }

  /** Show lines. If they have the names of those before, only their data change. @param {number[]} times in Unix seconds @param {Line[]} lines */
  show(times, lines) {
    const names = JSON.stringify(lines.map(({ name, colour, dashed }) => [name, colour, dashed]));
    const data = [times, ...lines.flatMap((line) => columns(line, times.length))];
    if (names === this.names) return this.plot.setData(data);
    this.names = names;
    this.plot?.destroy();
    this.plot = new uPlot(this.#options(lines), data, this.box);
  }

  #size() {
    return { width: this.box.clientWidth || NARROW, height: this.shape.height };
  }

  /** @param {Line[]} lines */
  #options(lines) {
    const { told, when } = this.shape;
    const axis = { stroke: coloured("--quiet"), grid: { stroke: coloured("--line"), width: 1 }, ticks: { stroke: coloured("--line"), width: 1 } };
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true }, y: { range: (/** @type {any} */ _plot, /** @type {number} */ _low, /** @type {number} */ high) => [0, high > 0 ? high * 1.08 : 1] } },
      axes: [
        { ...axis, values: (/** @type {any} */ _plot, /** @type {number[]} */ ticks) => onceEach(ticks.map(when)) },
        { ...axis, size: AXIS, values: (/** @type {any} */ _plot, /** @type {number[]} */ ticks) => ticks.map(told) },
      ],
      series: [{}, ...lines.flatMap(drawnAs)],
      bands: lines.map(({ colour }, at) => ({ series: [3 * at + 2, 3 * at + 1], fill: colour + BAND })),
      hooks: { draw: [(/** @type {any} */ plot) => lines.forEach((line, at) => drawLonely(plot, line, 3 * at + 1))] },
    };
  }
}

/** Leave out a text that stands beside the same text. @param {string[]} texts */
function onceEach(texts) {
  return texts.map((text, at) => (text === texts[at - 1] ? "" : text));
}

/** The columns of a line: the low ends and the high ends of its intervals, and its values. @param {Line} line @param {number} many */
function columns({ values, intervals }, many) {
  const none = Array.from({ length: many }, () => null);
  if (!intervals) return [none, none, values];
  return [intervals.map((each) => each && each[0]), intervals.map((each) => each && each[1]), values];
}

/** @param {Line} line */
function drawnAs({ name, colour, dashed }) {
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  return [edge, edge, { label: name, stroke: colour, width: 2, dash: dashed ? [6, 4] : undefined, points: { show: true, size: 5, fill: colour } }];
}

/** Draw the interval of a value without neighbours, which has no band. @param {any} plot @param {Line} line @param {number} at the column of the low ends */
function drawLonely(plot, { colour }, at) {
  const [low, high] = [plot.data[at], plot.data[at + 1]];
  plot.ctx.save();
  plot.ctx.strokeStyle = colour;
  plot.ctx.lineWidth = devicePixelRatio;
  for (let n = 0; n < low.length; n += 1) {
    if (low[n] == null || low[n - 1] != null || low[n + 1] != null) continue;
    const x = plot.valToPos(plot.data[0][n], "x", true);
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, plot.valToPos(low[n], "y", true));
    plot.ctx.lineTo(x, plot.valToPos(high[n], "y", true));
    plot.ctx.stroke();
  }
  plot.ctx.restore();
}

/** Return a colour of the style sheet. @param {string} name */
export function coloured(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
