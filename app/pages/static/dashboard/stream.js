// @ts-check
/** The stream of the dashboard's numbers. It survives a restart of the service and notices the end of a session. */

import { answered } from "./asking.js";

const SHORTEST = 2000;
const LONGEST = 15_000;
const SILENT = 4; // messages that may be missing before the connection counts as lost

/**
 * @typedef {object} Listener
 * @property {(board: any) => void} overview  everything, at the beginning and after each reconnection
 * @property {(board: any) => void} news  the numbers of now
 * @property {() => void} lost  no message comes any more; the stream tries again by itself
 * @property {() => void} ended  the session is over
 */

export class Stream {
  /** @param {string} address @param {Listener} listener */
  constructor(address, listener) {
    this.address = address;
    this.listener = listener;
    this.wait = SHORTEST;
    this.silence = 20_000;
    this.open();
  }

  open() {
    this.source = new EventSource(this.address);
    this.source.addEventListener("overview", (event) => this.take(event, this.listener.overview));
    this.source.addEventListener("news", (event) => this.take(event, this.listener.news));
    this.source.addEventListener("ended", () => this.end());
    this.source.addEventListener("error", () => this.fail());
    this.expect();
  }

  /** @param {MessageEvent} event @param {(board: any) => void} tell */
  take(event, tell) {
    const board = JSON.parse(event.data);
    this.wait = SHORTEST;
    this.silence = SILENT * 1000 * board.every;
    this.expect();
    tell(board);
  }

  /** Give the connection up if it is silent for too long: a machine that slept has a dead one. */
  expect() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(), this.silence);
  }

  fail() {
    this.listener.lost();
    if (this.source.readyState === EventSource.CLOSED) this.again();
  }

  /** The browser has given up, because the answer was no stream: ask why, and try again later. */
  again() {
    this.source.close();
    clearTimeout(this.timer);
    this.listener.lost();
    this.timer = setTimeout(() => this.retry(), this.wait);
    this.wait = Math.min(LONGEST, 2 * this.wait);
  }

  async retry() {
    try {
      const who = await answered("session");
      if (who.role !== "admin") return this.end();
    } catch (error) {
      return error.status === 401 ? this.end() : this.again();
    }
    this.open();
  }

  end() {
    this.source.close();
    clearTimeout(this.timer);
    this.listener.ended();
  }
}
