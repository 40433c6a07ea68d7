// @ts-check
/** The three answers: is it up, is it learning, does it pay. */

import { showLift } from "./lift.js";
import { age, count, decimal, find, make, measure, percent, put } from "./text.js";

const STUCK = ["KeyartLearnsNothing", "KeyartSnapshotRefused"];

export function showAnswers(board) {
  find("#answers").hidden = false;
  up(board);
  learning(board);
  const [word, good] = showLift(board.report);
  answer("#pays", word, good, board.report.says);
}

function up(board) {
  const minute = board.minute;
  answer("#up", board.ready ? "Yes" : "No", board.ready, board.ready ? `${count(board.titles)} titles, decisions by snapshot ${count(board.snapshot)}.` : board.waits_for);
  facts("#up", [
    ["Decisions", measure(minute.decisions, "a second")],
    ["Half of the answers within", measure(minute.half, "ms")],
    ["99 % within", measure(minute.most, "ms")],
    ["Fallbacks", minute.fallbacks == null ? "–" : percent(minute.fallbacks / 100)],
    ["Log", size(board.log)],
  ]);
}

function size({ used, most }) {
  const megabytes = measure(used / 1e6, "MB");
  return most ? `${megabytes} of ${measure(most / 1e6, "MB")}` : megabytes;
}

function learning(board) {
  const learns = board.leads && !board.alarms.some(({ name }) => STUCK.includes(name));
  answer("#learning", learns ? "Yes" : "No", learns, board.trainer);
  const { impression, click, play } = board.feedback;
  facts("#learning", [
    ["Learned", measure(board.minute.examples, "examples a second")],
    ["Records not folded yet", count(board.lag)],
    ["Age of the snapshot", age(board.snapshot_age)],
    ["Open reward windows", count(board.open_windows)],
    ["For each decision of the hour", impression == null ? "–" : `${decimal(impression)} impressions, ${decimal(click)} clicks, ${decimal(play)} plays`],
  ]);
}

/** @param {string} card @param {string} word @param {boolean | null} good @param {string} says */
export function answer(card, word, good, says) {
  find(card).dataset.good = good == null ? "unknown" : String(good);
  put(find(`${card} .answer`), word);
  put(find(`${card} .says`), says);
}

/** @param {string} card @param {[string, string][]} pairs */
export function facts(card, pairs) {
  const list = find(`${card} dl`);
  if (!list.children.length) {
    for (const [name] of pairs) {
      const row = make("div");
      row.append(make("dt", name), make("dd"));
      list.append(row);
    }
  }
  pairs.forEach(([, value], at) => put(find("dd", list.children[at]), value));
}
