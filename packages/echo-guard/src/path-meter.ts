import type { EchoPath } from "@roomkit/core";
import { HOP_MS } from "./played-track.ts";
import { BANDS } from "./spectrum.ts";

/** How far back the coupling is measured, in hops of echo; and how many of them it takes to say something. */
const MEAN_HOPS = 100;
const SURE_AFTER = 60;
/** A change by so much is told of; of smaller ones nobody hears. */
const COUPLING_STEP_DB = 6;
const DELAY_STEP_MS = 60;

/** Measures the way of an echo, for people to know. */
export class EchoPathMeter {
  /** Hops of echo it was measured from. */
  hops = 0;
  #heard = 0;
  #played = 0;
  #lag = 0;
  #path: EchoPath | undefined;
  #sinceTold = 0;

  /** What was told last: another object each time it is told anew. */
  get path(): EchoPath | undefined {
    return this.#path;
  }

  /** Takes the levels of a hop of echo, and of what was played then, both from an index on. */
  push(near: Float32Array, at: number, far: Float32Array, farAt: number, audible: Float32Array, lag: number): void {
    const keep = 1 - 1 / MEAN_HOPS;
    let [heard, played] = [0, 0];
    for (let band = 0; band < BANDS; band++) {
      if ((near[at + band] as number) < (audible[band] as number)) continue;
      heard += 10 ** ((near[at + band] as number) / 10);
      played += 10 ** ((far[farAt + band] as number) / 10);
    }
    this.#heard = this.#heard * keep + heard;
    this.#played = this.#played * keep + played;
    this.#lag = this.hops === 0 ? lag : this.#lag + (lag - this.#lag) / 20;
    this.hops++;
    if (++this.#sinceTold >= SURE_AFTER) this.#tell();
  }

  #tell(): void {
    const couplingDb = Math.round(10 * Math.log10(this.#heard / Math.max(1e-12, this.#played)));
    const delayMs = Math.max(0, Math.round(this.#lag) * HOP_MS);
    const before = this.#path;
    const same =
      before &&
      Math.abs(couplingDb - before.couplingDb) < COUPLING_STEP_DB &&
      Math.abs(delayMs - before.delayMs) < DELAY_STEP_MS;
    if (same) return;
    this.#path = { couplingDb, delayMs };
    this.#sinceTold = 0;
  }
}
