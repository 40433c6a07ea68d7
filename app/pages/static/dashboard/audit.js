// @ts-check
/** The audit of exposures. It takes seconds of work, so the service does it when somebody asks. */

import { answered } from "./asking.js";
import { count, find, make, percent, put } from "./text.js";

const ask = /** @type {HTMLButtonElement} */ (find("#ask-audit"));
const ofTitle = /** @type {HTMLInputElement} */ (find("#audit-title"));

export function beginAudit() {
  if (!find("#audit").hidden) return;
  find("#audit").hidden = false;
  find("#audit form").addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
}

async function show() {
  ask.disabled = true;
  put(find("#audit-fault"), "");
  put(find("#audit-found"), "The service reads the latest records of the log …");
  try {
    const title = ofTitle.value.trim();
    take(await answered(`report/audit${title ? `?${new URLSearchParams({ title })}` : ""}`));
  } catch (error) {
    put(find("#audit-found"), "");
    put(find("#audit-fault"), error.message);
  } finally {
    ask.disabled = false;
  }
}

function take({ decisions, compared, size, fewest, differences }) {
  const named = differences.filter((each) => each.named);
  put(find("#audit-found"), summary(decisions, compared, size, fewest, named.length));
  find("#audit-named").replaceChildren(...named.map((each) => make("li", each.says)));
  find("#audit tbody").replaceChildren(...differences.map(line));
  find("#audit .scroll").hidden = differences.length === 0;
}

function summary(decisions, compared, size, fewest, named) {
  if (!compared) {
    return `${count(decisions)} decisions are too few: a comparison needs ${fewest} viewers with a value, and others.`;
  }
  const found = named === 1 ? "1 difference" : `${named || "No"} differences`;
  const least = `of at least ${percent(size)} that chance does not explain`;
  return `${found} ${least}, among ${count(compared)} comparisons of ${count(decisions)} decisions.`;
}

function line(each) {
  const row = make("tr", "", each.named ? { class: "named" } : {});
  const cells = [percent(each.shown), percent(each.shown_to_others), percent(each.difference)];
  row.append(
    make("th", `${each.dimension}: ${each.value}`, { scope: "row" }),
    make("td", each.label),
    make("td", count(each.viewers), { class: "number" }),
    ...cells.map((cell) => make("td", cell, { class: "number" })),
    make("td", each.interval.map((end) => percent(end)).join(" to "), { class: "number" }),
    make("td", each.p < 0.001 ? "< 0.001" : each.p.toFixed(3), { class: "number" }),
  );
  return row;
}
