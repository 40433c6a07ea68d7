// @ts-check
/** The candidate learner: how far it is, whether it earns more, and what would promote it. */

import { answer, facts } from "./answers.js";
import { drawDifference } from "./difference.js";
import { age, count, find, percent, put } from "./text.js";

/** The condition in a word, and whether it is a good one. @type {Record<string, [string, boolean | null]>} */
const CONDITIONS = {
  starting: ["Starts", null],
  learning: ["Learns", null],
  following: ["Follows the log", true],
  waiting: ["Waits", null],
  behind: ["Falls behind", false],
  stuck: ["Is stuck", false],
};

/** Show the candidate; without one there is no section. @param {any} candidate @param {number} now  Unix time */
export function showCandidate(candidate, now) {
  find("#candidate").hidden = !candidate;
  if (!candidate) return;
  put(find("#candidate-policy"), candidate.policy);
  put(find("#candidate-by"), `${ordered("learns", candidate.by)}.`);
  showState(candidate, now);
  showDifference(candidate.paired);
  showNext(candidate);
}

function showState(candidate, now) {
  const [word, good] = CONDITIONS[candidate.condition];
  answer("#candidate-state", word, good, candidate.says);
  put(find("#candidate-state .remedy"), candidate.remedy);
  facts("#candidate-state", [
    ["Records not learned yet", count(candidate.behind)],
    ["The first of them is", candidate.behind ? `${age(candidate.lag_seconds)} old` : "–"],
    ["Saved", candidate.saved == null ? "not yet" : `${age(Math.max(0, now - candidate.saved))} ago`],
  ]);
}

function showDifference(paired) {
  const known = paired?.interval ? { difference: paired.difference, interval: paired.interval } : null;
  const [word, good] = !known ? ["Not known yet", null] : known.interval[0] > 0 ? ["Yes", true] : known.interval[1] < 0 ? ["No", false] : ["Not known yet", null];
  answer("#candidate-earns", word, good, paired ? paired.says : "Nothing was compared yet.");
  const drawing = find("#candidate-earns .interval");
  drawing.hidden = !known;
  if (known) drawDifference(drawing, known, "decisions");
  facts("#candidate-earns", [
    ["Decisions compared", count(paired?.decisions)],
    ["Viewers, at least", count(paired?.viewers)],
  ]);
}

function showNext(candidate) {
  answer("#candidate-next", candidate.by_rule ? "By rule" : "By hand", null, candidate.promotion);
  put(find("#candidate-next .refused"), candidate.refused ? `The rule did not promote it. ${candidate.refused}` : "");
  put(find("#candidate-next .canary"), canary(candidate));
}

function canary({ share, serves, serving_by: by }) {
  if (!share) return "It decides for nobody.";
  if (!serves) return `It should decide for ${percent(share)} of the profiles, but this worker has no usable candidate, so the learner in use decides.`;
  return `${ordered(`It decides for ${percent(share)} of the profiles`, by)}.`;
}

/** @param {string} what @param {{at: number, role: string, name: string, why: string} | null} by */
function ordered(what, by) {
  if (!by) return what;
  const since = new Date(1000 * by.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return `${what} since ${since}, by ${by.role} (${by.name})${by.why ? `: ${by.why.replace(/\.$/, "")}` : ""}`;
}
