import { serve } from "../measure/child.ts";
import { Caller, Refused } from "../webrtc/caller.ts";
import { Speakers } from "../webrtc/speakers.ts";
import type { CrowdAnswer, CrowdRequest } from "./messages.ts";

/** A browser waits no less. */
const CONNECT_MS = 15_000;

type Call = Extract<CrowdRequest, { type: "call" }>;

/** Callers who come one after another, speak as soon as they are connected, and ask again when they are refused. */
class Crowd {
  readonly #call: Call;
  readonly #speakers: Speakers;
  readonly #refusals: Record<string, number> = {};
  readonly #connectMs: number[] = [];
  #failed = 0;
  #closed = false;

  constructor(call: Call, speakers: Speakers) {
    this.#call = call;
    this.#speakers = speakers;
  }

  get standing(): CrowdAnswer {
    return {
      taken: this.#speakers.size,
      refusals: { ...this.#refusals },
      failed: this.#failed,
      connectMs: this.#connectMs,
    };
  }

  /** Resolves when every caller knows how its first try went; the refused go on trying. */
  async arrive(): Promise<void> {
    const { calls, rate } = this.#call;
    const tries: Promise<void>[] = [];
    for (let i = 0; i < calls; i++) {
      if (i > 0) await sleep(1000 / rate);
      tries.push(new Promise((tried) => void this.#ask(i, tried)));
    }
    await Promise.all(tries);
  }

  async measure(ms: number): Promise<CrowdAnswer> {
    return { ...(await this.#speakers.listen(ms)), ...this.standing };
  }

  close(): void {
    this.#closed = true;
    this.#speakers.close();
  }

  async #ask(index: number, tried: () => void): Promise<void> {
    const { url, calls, againMs } = this.#call;
    for (let attempt = 0; !this.#closed; ) {
      const caller = new Caller(`caller-${index}-${attempt++}`);
      while (!this.#closed) {
        try {
          this.#connectMs.push(await caller.connect({ url, loss: 0, delayMs: 0, timeoutMs: CONNECT_MS }));
          if (this.#closed) caller.close();
          else this.#speakers.add(caller, index / calls);
          return tried();
        } catch (error) {
          tried();
          if (error instanceof Refused) {
            const which = `${error.status} ${error.code}`;
            this.#refusals[which] = (this.#refusals[which] ?? 0) + 1;
          } else this.#failed++;
          await sleep(againMs);
          // One that was refused can make the same offer again.
          if (!(error instanceof Refused)) break;
        }
      }
      caller.close();
    }
  }
}

let crowd: Crowd | undefined;

serve(async (request: CrowdRequest): Promise<CrowdAnswer> => {
  if (request.type === "call") {
    crowd = new Crowd(request, await Speakers.open());
    await crowd.arrive();
    return crowd.standing;
  }
  if (request.type === "measure") return (await crowd?.measure(request.ms)) ?? {};
  crowd?.close();
  crowd = undefined;
  return {};
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
