import { mulaw } from "@roomkit/codec-mulaw";
import { seededRandom, tone } from "@roomkit/testing";
import { serve } from "../measure/child.ts";
import { V1Client } from "../measure/v1-client.ts";

export type CallersRequest =
  | { readonly type: "begin"; readonly url: string; readonly calls: number; readonly seed: number }
  | { readonly type: "look" }
  | { readonly type: "end" };

export interface CallersLook {
  /** Sentences said, answers that began, and sentences nobody answered. */
  readonly said: number;
  readonly answered: number;
  readonly unanswered: number;
  readonly resumed: number;
  /** Calls whose session was gone when they came back, or that were closed though they had done nothing. */
  readonly lost: number;
}

const RATE = 8_000;
const FRAME = RATE / 50;
const FRAME_MS = 20;
const codec = mulaw();
const QUIET = codec.encode(new Int16Array(FRAME));
const VOICE = codec.encode(tone(RATE, FRAME_MS, 440, 4_000));
/** How long somebody waits for an answer before they say something else, ms. */
const PATIENCE_MS = 8_000;

const total = { said: 0, answered: 0, unanswered: 0, resumed: 0, lost: 0 };
let over = false;
const running: Promise<void>[] = [];

/** One who asks, interrupts some answers, loses the connection at times and reads slowly at others. */
class Caller {
  readonly #random: () => number;
  readonly #url: string;
  #client: V1Client | undefined;
  /** Frames of voice that are still to be said. */
  #speaking = 0;
  #waitingSince: number | undefined;
  #heard = 0;

  constructor(url: string, seed: number) {
    this.#url = url;
    this.#random = seededRandom(seed);
  }

  async run(): Promise<void> {
    await this.#connect(undefined);
    let next = performance.now();
    while (!over) {
      next += FRAME_MS;
      const wait = next - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      // The machine was busy: the line goes on from here.
      else if (wait < -1_000) next = performance.now();
      const client = this.#client;
      if (!client) continue;
      client.send(this.#speaking > 0 ? VOICE : QUIET, FRAME);
      if (this.#speaking > 0 && --this.#speaking === 0) this.#waitingSince = performance.now();
      await this.#live();
    }
    this.#client?.close();
  }

  async #live(): Promise<void> {
    const waited = this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince;
    if (waited > PATIENCE_MS) {
      total.unanswered++;
      this.#waitingSince = undefined;
    }
    // Says something every 3 s or so, and every other time over an answer.
    if (this.#speaking === 0 && this.#waitingSince === undefined && this.#random() < 1 / 150) {
      this.#speaking = 30;
      total.said++;
    }
    // Once a minute the network goes away, or is slow for 3 s.
    const chance = this.#random();
    if (chance < 1 / 3_000) await this.#reconnect();
    else if (chance < 2 / 3_000) {
      const client = this.#client;
      client?.read(false);
      setTimeout(() => client?.read(true), 3_000);
    }
  }

  async #reconnect(): Promise<void> {
    const token = this.#client?.token;
    this.#client?.close();
    this.#client = undefined;
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (over) return;
    await this.#connect(token);
  }

  async #connect(resume: string | undefined): Promise<void> {
    const client = new V1Client(
      this.#url,
      { codec: "mulaw", sampleRate: RATE },
      {
        onAudio: (utterance) => {
          if (utterance <= this.#heard) return;
          this.#heard = utterance;
          if (this.#waitingSince !== undefined) total.answered++;
          this.#waitingSince = undefined;
        },
        onMessage: () => {},
        onClose: () => {
          if (over || this.#client !== client) return;
          // Nobody asked for that.
          total.lost++;
          void this.#reconnect();
        },
      },
    );
    const resumed = await client.connect(resume);
    if (resume !== undefined && resumed) total.resumed++;
    else if (resume !== undefined) total.lost++;
    if (!resumed) this.#heard = 0;
    this.#client = client;
  }
}

serve(async (request: CallersRequest): Promise<CallersLook> => {
  if (request.type === "begin") {
    for (let i = 0; i < request.calls; i++) {
      running.push(new Caller(request.url, request.seed + i).run());
      // Not all in one moment.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  if (request.type === "end") {
    over = true;
    await Promise.all(running);
  }
  return { ...total };
});
