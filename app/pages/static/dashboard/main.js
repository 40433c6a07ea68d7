// @ts-check
/** The dashboard: it takes each message of the stream to the parts that show it. */

import { showAlarms } from "./alarms.js";
import { showAnswers } from "./answers.js";
import { answered } from "./asking.js";
import { beginAudit } from "./audit.js";
import { showCandidate } from "./candidate.js";
import { beginCharts, continueCharts } from "./charts.js";
import { showGroups } from "./groups.js";
import { beginSpans } from "./spans.js";
import { showSteps } from "./steps.js";
import { Stream } from "./stream.js";
import { find, put, time } from "./text.js";
import { beginTitles } from "./titles.js";

let last = 0;
if (location.hash === "#signed-in") history.replaceState(null, "", location.pathname);

function show(board) {
  last = board.at;
  document.body.classList.remove("stale");
  put(find("#news"), `Live, as of ${time(board.at)}.`);
  showAlarms(board.alarms);
  showAnswers(board);
  showSteps(board.steps);
  showGroups(board.report);
  showCandidate(board.candidate, board.at);
}

/** @param {string} why */
function leave(why) {
  sessionStorage.setItem("keyart-ended", why);
  location.reload();
}

const stream = new Stream("dashboard/events", {
  overview(board) {
    show(board);
    beginCharts(board);
    beginSpans();
    beginTitles();
    beginAudit();
  },
  news(board) {
    show(board);
    continueCharts(board);
  },
  lost() {
    document.body.classList.add("stale");
    const since = last ? `These numbers are of ${time(last)}: ` : "";
    put(find("#news"), `${since}the service does not answer. This page tries again.`);
  },
  ended: () => leave("The session is over. Sign in again."),
});

find("#sign-out").addEventListener("click", async () => {
  try {
    await answered("session", { method: "DELETE" });
    stream.source.close();
    leave("You are signed out.");
  } catch (error) {
    if (error.status === 401) leave("The session is over.");
    else put(find("#news"), error.message);
  }
});
