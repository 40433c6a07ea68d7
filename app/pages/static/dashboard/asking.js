// @ts-check
/** Calls of the service, whose refusals become errors with the service's own sentence. */

export class Refused extends Error {
  /** @param {string} sentence @param {number} status */
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/**
 * Return the JSON of an answer, or null if it has no content.
 * @param {string} address
 * @param {{method?: string, body?: object, signal?: AbortSignal}} [how]
 */
export async function answered(address, { method = "GET", body, signal } = {}) {
  const headers = body ? { "Content-Type": "application/json" } : undefined;
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: body && JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The service does not answer. Check that it runs, and try again.", 0);
  }
  if (!answer.ok) throw new Refused(await sentenceOf(answer), answer.status);
  return answer.status === 204 ? null : answer.json();
}

/** @param {Response} answer */
async function sentenceOf(answer) {
  try {
    const problem = await answer.json();
    if (typeof problem.detail === "string") return problem.detail;
  } catch {
    // A proxy may answer with a page of its own.
  }
  return `The service answered with status ${answer.status}. Try again.`;
}
