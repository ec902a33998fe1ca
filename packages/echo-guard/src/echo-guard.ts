import {
  type AudioFormat,
  type AudioFrame,
  BlockStage,
  type EchoGuard,
  type EchoPath,
  Framer,
  type Resolved,
  RoomKitError,
  type StageFactory,
} from "@roomkit/core";
import { Judge, type Verdict } from "./judge.ts";
import { type EchoGuardOptions, resolveOptions } from "./options.ts";
import { Pairing } from "./pairing.ts";
import { HOP_MS } from "./played-track.ts";
import { RoomNoise } from "./room-noise.ts";

/** Hops that are kept of the time before anything is played: the noise of the room is learnt from them. */
const BEFORE = 60;

/**
 * Keeps what a loudspeaker plays from being taken for the caller: what the microphone hears is let through unless its levels, in bands and
 * over time, follow those of what is played. That is replaced by the noise of the room. A caller who speaks over the echo is let through, with
 * what echo there is. Takes nothing away where nothing is played, adds no delay to frames of whole 10 ms, and needs no echo canceller.
 *
 * Mono at 8,000 to 48,000 Hz; `open` throws RoomKitError `unsupported_format` for anything else.
 *
 * @throws RoomKitError `invalid_option` for an option out of range.
 */
export function echoGuard(options: EchoGuardOptions = {}): StageFactory<EchoGuard> {
  const resolved = resolveOptions(options);
  return {
    name: "echo-guard",
    recipe: { module: import.meta.url, name: "echoGuard", options },
    open: (format) => new Guard(format, resolved),
  };
}

class Guard implements EchoGuard {
  readonly #format: AudioFormat;
  readonly #options: Resolved<EchoGuardOptions>;
  readonly #stage: BlockStage;
  readonly #framer: Framer;
  #hearing: Hearing;
  #closed = false;

  constructor({ sampleRate, channels }: AudioFormat, options: Resolved<EchoGuardOptions>) {
    if (channels !== 1 || !(sampleRate >= 8_000 && sampleRate <= 48_000)) {
      const details = { sampleRate, channels };
      throw new RoomKitError("unsupported_format", "the echo guard hears mono at 8,000 to 48,000 Hz", { details });
    }
    this.#format = { sampleRate, channels };
    this.#options = options;
    const size = Math.round((sampleRate * HOP_MS) / 1000);
    this.#framer = new Framer(size, sampleRate);
    this.#hearing = new Hearing(sampleRate, options);
    this.#stage = new BlockStage(this.#format, {
      ...{ name: "the echo guard", sampleRate, size, delay: 0 },
      open: () => ({ process: (block, out, timestamp) => this.#hearing.heard(block, out, timestamp) }),
    });
  }

  get echo(): EchoPath | undefined {
    return this.#hearing.echo;
  }

  reference(frame: AudioFrame): void {
    if (this.#closed) return;
    this.#framer.push(frame, (hop, timestamp) => this.#hearing.played(hop, timestamp));
  }

  process(frame: AudioFrame): AudioFrame {
    return this.#stage.process(frame);
  }

  flush(): AudioFrame {
    // The stage begins anew with it, and what it holds is less than a hop: nothing to be judged.
    return this.#stage.flush();
  }

  reset(): void {
    this.#stage.reset();
    this.#framer.reset();
    this.#hearing = new Hearing(this.#format.sampleRate, this.#options);
  }

  close(): void {
    if (this.#closed) return;
    this.reset();
    this.#stage.close();
    this.#closed = true;
  }
}

/** What the guard knows of one stream. */
class Hearing {
  readonly #judge: Judge;
  readonly #noise: RoomNoise | undefined;
  readonly #pairing = new Pairing();
  /** What came before anything was played; undefined afterwards. */
  #before: Int16Array[] | undefined = [];
  #muted = false;

  constructor(sampleRate: number, options: Resolved<EchoGuardOptions>) {
    this.#judge = new Judge({ sampleRate, ...options });
    const size = Math.round((sampleRate * HOP_MS) / 1000);
    this.#noise = options.comfortNoise ? new RoomNoise(size) : undefined;
  }

  get echo(): EchoPath | undefined {
    return this.#judge.meter.path;
  }

  played(hop: Int16Array, timestamp: number): void {
    const before = this.#before;
    this.#before = undefined;
    for (const each of before ?? []) this.#hear(each, Number.NaN);
    this.#judge.played(hop, this.#pairing.far(timestamp));
  }

  heard(hop: Int16Array, out: Int16Array, timestamp: number): void {
    out.set(hop);
    if (this.#before) {
      this.#before.push(hop.slice());
      if (this.#before.length > BEFORE) this.#before.shift();
      return;
    }
    const mute = this.#hear(hop, timestamp) === "echo";
    if (!mute && !this.#muted) return;
    if (this.#noise) this.#noise.give(out);
    else out.fill(0);
    if (mute !== this.#muted) fade(mute ? hop : out, mute ? out : hop, out);
    this.#muted = mute;
  }

  #hear(hop: Int16Array, timestamp: number): Verdict {
    const place = this.#pairing.near(timestamp, this.#judge);
    const verdict = this.#judge.heard(hop, place);
    if (verdict === "nothing") this.#noise?.push(hop);
    return verdict;
  }
}

/** Goes over from the one to the other within a hop. */
function fade(from: Int16Array, to: Int16Array, out: Int16Array): void {
  for (let i = 0; i < out.length; i++) {
    const share = (i + 0.5) / out.length;
    out[i] = Math.round((from[i] as number) * (1 - share) + (to[i] as number) * share);
  }
}
