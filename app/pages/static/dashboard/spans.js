// @ts-check
/** The reward of the groups over time, and the feedback of each device and client release, for a span that one chooses. */

import { answered } from "./asking.js";
import { RewardChart } from "./reward_chart.js";
import { find, put, time } from "./text.js";
import { showTracking } from "./tracking.js";

/** @typedef {"24h" | "7d" | "90d"} Span */

const AGAIN = 60_000; // milliseconds: the last step is not complete, and grows
/** @type {Record<Span, "hour" | "day">} */
const STEPS = { "24h": "hour", "7d": "hour", "90d": "day" };
const NOTHING = "No showing has been counted yet. It is counted when its reward window is over; then a point appears here.";
/** @type {Span} */
let chosen = "24h";
let asked = 0;
/** @type {number | undefined} */
let timer;
/** @type {RewardChart | undefined} */
let chart;

/** Show the section, and keep it up to date while somebody looks at the page. */
export function beginSpans() {
  if (chart) return void show();
  find("#spans").hidden = false;
  chart = new RewardChart();
  for (const button of buttons()) button.addEventListener("click", () => choose(/** @type {Span} */ (button.dataset.span)));
  document.addEventListener("visibilitychange", () => document.hidden || void show());
  void show();
}

const buttons = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#spans [data-span]")]);

/** @param {Span} span */
function choose(span) {
  chosen = span;
  for (const button of buttons()) button.setAttribute("aria-pressed", String(button.dataset.span === span));
  void show();
}

async function show() {
  clearTimeout(timer);
  const mine = ++asked;
  const query = (/** @type {string} */ by) => `report/series?${new URLSearchParams({ step: STEPS[chosen], span: chosen, by })}`;
  try {
    const [groups, clients] = await Promise.all([answered(query("group")), answered(query("device,release"))]);
    if (mine !== asked) return;
    put(find("#spans-fault"), "");
    put(find("#spans-note"), note(groups));
    chart?.show(groups, STEPS[chosen] === "day");
    showTracking(clients);
  } catch (error) {
    if (mine === asked) put(find("#spans-fault"), `${error.message} The charts are tried again in a minute.`);
  }
  if (mine === asked && !document.hidden) timer = setTimeout(show, AGAIN);
}

/** @param {any} report */
function note({ complete_since: since, series, step, until, times }) {
  if (since === null || !series.length) return NOTHING;
  const last = `Each point is ${step === "hour" ? "an hour" : "a day (UTC)"}; the last one is not complete yet, as of ${time(Date.parse(until) / 1000)}.`;
  return Date.parse(since) > Date.parse(times[0]) ? `${last} There are no complete numbers from before ${new Date(since).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}.` : last;
}
