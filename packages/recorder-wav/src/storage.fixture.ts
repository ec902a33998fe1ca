import {
  type AudioFrame,
  type Clock,
  type Recorder,
  type RecordingSummary,
  type RoomKitError,
  silence,
} from "@roomkit/core";
import { samplesOfWav, settle, VirtualClock } from "@roomkit/testing";
import { expect } from "vitest";
import { type RecordingStorage, type WavRecorderOptions, wavRecorder } from "./index.ts";

export const mono = { sampleRate: 16_000, channels: 1 } as const;

/** A storage in memory. */
export class MemoryStorage implements RecordingStorage {
  readonly files = new Map<string, Uint8Array>();
  readonly closed = new Set<string>();
  /** Writes so far, patches of headers too. */
  writes = 0;
  /** What is done before a call is carried out: throw, or wait. */
  before: (call: "open" | "write" | "close", name: string) => unknown = () => {};
  readonly #appendOnly: boolean;

  constructor({ appendOnly = false }: { readonly appendOnly?: boolean | undefined } = {}) {
    this.#appendOnly = appendOnly;
  }

  async open(name: string) {
    await this.before("open", name);
    if (this.files.has(name)) throw Object.assign(new Error("there is something"), { code: "EEXIST" });
    this.files.set(name, new Uint8Array(0));
    const put = async (bytes: Uint8Array, at?: number): Promise<void> => {
      await this.before("write", name);
      this.writes++;
      const old = this.files.get(name) as Uint8Array;
      const begin = at ?? old.length;
      const next = new Uint8Array(Math.max(old.length, begin + bytes.length));
      next.set(old);
      next.set(bytes, begin);
      this.files.set(name, next);
    };
    return {
      write: (bytes: Uint8Array) => put(bytes),
      ...(this.#appendOnly ? {} : { writeAt: put }),
      close: async () => {
        await this.before("close", name);
        this.closed.add(name);
      },
    };
  }

  /** The only file with that ending. */
  file(ending: string): Uint8Array {
    const names = [...this.files.keys()].filter((name) => name.endsWith(ending));
    expect(names).toHaveLength(1);
    return this.files.get(names[0] as string) as Uint8Array;
  }
}

export interface Rig {
  readonly clock: VirtualClock;
  readonly recorder: Recorder;
  readonly reports: RoomKitError[];
  /** Stops it and gives what it made. */
  readonly end: (reason?: string) => Promise<RecordingSummary>;
}

/** A recorder on a virtual clock. */
export function open(options: Partial<WavRecorderOptions> & Pick<WavRecorderOptions, "storage">): Rig {
  const clock = new VirtualClock();
  const reports: RoomKitError[] = [];
  const context = { sessionId: "vs_1", clock: clock as Clock, report: (error: RoomKitError) => reports.push(error) };
  const recorder = wavRecorder(options).open(mono, context);
  const end = async (reason = "client_closed"): Promise<RecordingSummary> => {
    const stopped = recorder.recording.stop(reason);
    await settle();
    await clock.advance(20_000);
    return (await stopped) as RecordingSummary;
  };
  return { clock, recorder, reports, end };
}

export const frame = (samples: Int16Array, timestamp: number): AudioFrame => ({ samples, ...mono, timestamp });

/** A frame of 20 ms in which every sample is `value`. */
export const flat = (value: number, timestamp: number, ms = 20): AudioFrame => ({
  ...silence(mono, ms, timestamp),
  samples: new Int16Array(16 * ms).fill(value),
});

/** Both sides of a recording in stereo. */
export function sides(file: Uint8Array): { readonly left: Int16Array; readonly right: Int16Array } {
  const { samples, format } = samplesOfWav(file);
  expect(format).toEqual({ sampleRate: 16_000, channels: 2 });
  const side = (offset: number): Int16Array =>
    new Int16Array(samples.length / 2).map((_, i) => samples[2 * i + offset] as number);
  return { left: side(0), right: side(1) };
}

/** Where samples change, as `[value, from, to]` in samples; silence is left out. */
export function runs(samples: Int16Array): [value: number, from: number, to: number][] {
  const all: [number, number, number][] = [];
  for (let i = 0; i < samples.length; i++) {
    const last = all.at(-1);
    if (last && last[0] === samples[i]) last[2] = i + 1;
    else all.push([samples[i] as number, i, i + 1]);
  }
  return all.filter(([value]) => value !== 0);
}
