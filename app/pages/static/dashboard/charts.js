// @ts-check
/** The charts of the last hour. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { find, make, measure, put, time } from "./text.js";

const HOUR = 3600;
const HEIGHT = 180;
const SHORT = 600; // seconds on which the minutes alone would repeat
const COLOURS = ["--accent", "--second", "--third"];
const CHARTS = [
  { place: "#chart-rates", title: "Each second", unit: "", series: [["decisions", "decisions"], ["feedback", "feedback"], ["examples", "learned"]] },
  { place: "#chart-times", title: "Time to choose, in milliseconds", unit: "ms", series: [["half", "half within"], ["most", "99 % within"]] },
  { place: "#chart-fallbacks", title: "Fallbacks, in % of pictures", unit: "%", series: [["fallbacks", "fallbacks"]] },
];
/** @type {any[]} */
let points = [];
/** @type {any[]} */
let drawn = [];

export function beginCharts(board) {
  find("#hour").hidden = false;
  points = board.points;
  if (!drawn.length) drawn = CHARTS.map(chart);
  draw(board);
}

export function continueCharts(board) {
  const last = points.at(-1)?.at ?? 0;
  points.push(...board.points.filter((point) => point.at > last));
  points = points.filter((point) => point.at > board.at - HOUR);
  draw(board);
}

const brief = () => points.length > 0 && points.at(-1).at - points[0].at < SHORT;

function draw(board) {
  put(find("#since"), `From the memory of one worker, since ${time(board.since)}: a restart of the service empties it.`);
  for (const { plot, place, unit, series } of drawn) {
    plot.setData([points.map((point) => point.at), ...series.map(([key]) => points.map((point) => point[key]))]);
    const now = points.at(-1);
    series.forEach(([key, name], at) => {
      put(find(`${place} li:nth-child(${at + 1}) span`), `${name} ${now ? measure(now[key], unit).trim() : "–"}`);
    });
  }
}

function chart({ place, title, unit, series }) {
  const box = find(`${place} .chart`);
  const legend = make("ul");
  for (const [, name] of series) {
    const item = make("li");
    item.append(make("i", "", { "aria-hidden": "true" }), make("span", name));
    legend.append(item);
  }
  find(`${place} figcaption`).replaceChildren(make("strong", title), legend);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const options = {
    width: box.clientWidth || 320,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1)] } },
    axes: [{ ...axis, values: (_plot, ticks) => ticks.map((tick) => (brief() ? time(tick) : time(tick).slice(0, 5))) }, { ...axis, size: 56 }],
    series: [{}, ...series.map(([, name], at) => ({ label: name, stroke: colour(COLOURS[at]), width: 2, spanGaps: false, points: { show: false } }))],
  };
  const plot = new uPlot(options, [[], ...series.map(() => [])], box);
  box.setAttribute("aria-hidden", "true"); // the caption says the numbers
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
  return { plot, place, unit, series };
}
