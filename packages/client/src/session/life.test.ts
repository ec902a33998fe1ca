import { describe, expect, it } from "vitest";
import type { MicrophoneOptions } from "../browser/audio-io.ts";
import { VoiceClientError } from "../errors.ts";
import type { CallState } from "../events.ts";
import { ready } from "../transport/scripted-socket.fixture.ts";
import { type Attempt, type Bench, type FakeAudio, makeBench } from "./fakes.fixture.ts";

/*
 * What may happen to a call, and in what order: every row may meet every other one.
 *
 * | what                | before a call | connecting                         | connected              | reconnecting            | ended |
 * | ------------------- | ------------- | ---------------------------------- | ---------------------- | ----------------------- | ----- |
 * | connect             | a call begins | the same call                      | `invalid_state`        | `invalid_state`         | anew  |
 * | disconnect          | nothing       | `aborted`, ended                   | `stop`, ended          | ended, no attempt more  | -     |
 * | its signal aborts   | `aborted`     | `aborted`, ended                   | nothing                | nothing                 | -     |
 * | microphone: delivers| -             | on to the token                    | (another) takes over   | the same                | let go|
 * | microphone: refused | -             | rejects, ended                     | `error`                | `error`                 | -     |
 * | microphone: lost    | -             | rejects, ended                     | `error`, goes on       | the same                | -     |
 * | token fails         | -             | rejects, ended                     | -                      | back-off                | -     |
 * | socket opens, ready | -             | listening                          | -                      | listening               | closed|
 * | fails, may pass     | -             | rejects, ended                     | reconnecting           | back-off until given up | -     |
 * | fails for good      | -             | rejects, ended                     | `error`, ended         | `error`, ended          | -     |
 * | closes as planned   | -             | rejects, ended                     | ended                  | ended                   | -     |
 * | falls silent        | -             | `connection_timeout`, ended        | quiet, then reconnects | back-off                | -     |
 * | old connection talks| -             | -                                  | ignored                | ignored                 | nobody|
 * | network or page back| -             | -                                  | asks at once           | tries at once           | -     |
 * | page is left        | -             | ended                              | `stop`, ended          | ended                   | -     |
 */

/** mulberry32: the same shuffle for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const during: readonly CallState[] = ["listening", "thinking", "speaking"];
const next: Readonly<Record<CallState, readonly CallState[]>> = {
  idle: ["connecting"],
  connecting: ["listening", "ended"],
  listening: [...during, "reconnecting", "ended"],
  thinking: [...during, "reconnecting", "ended"],
  speaking: [...during, "reconnecting", "ended"],
  reconnecting: ["listening", "ended"],
  ended: ["connecting"],
};

const error = (code: string, retryable: boolean): VoiceClientError => new VoiceClientError(code, code, { retryable });

const attempts: readonly Attempt[] = [
  async () => ready,
  async () => ready,
  async (transport) => {
    // Ready, and gone before anybody has seen it.
    queueMicrotask(() => transport.break());
    return ready;
  },
  async (transport) => {
    transport.accepting = false;
    Object.assign(transport, { serverGone: async () => true });
    return ready;
  },
  () => Promise.reject(new TypeError("Failed to fetch")),
  () => Promise.reject(error("connection_failed", true)),
  () => Promise.reject(error("unknown_session", false)),
  () => Promise.reject(error("unauthorized", false)),
  (_transport, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
];

interface Scene extends Bench {
  /** Ended by whoever called, and not called again since. */
  over: boolean;
  /** Made since it was over. */
  late: number;
  connects: number;
  readonly settledConnects: string[];
  readonly aborts: AbortController[];
  readonly gates: (() => void)[];
  readonly openMicrophones: Set<FakeAudio>;
}

function scene(random: () => number): Scene {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const gates: (() => void)[] = [];
  const openMicrophones = new Set<FakeAudio>();
  const token = (): string | Promise<string> =>
    pick([
      () => "t",
      () => "t",
      () => Promise.resolve("t"),
      () => "",
      () => Promise.reject(new Error("no")),
      () =>
        new Promise<string>((resolve) => {
          gates.push(() => resolve("late"));
        }),
    ])();
  const bench = makeBench({ token, reconnect: { giveUpAfterMs: 20_000 } }, (audio) => {
    const [open, close] = [audio.openMicrophone.bind(audio), audio.close.bind(audio)];
    if (random() < 0.4) audio.microphoneGate = new Promise((resolve) => gates.push(resolve));
    if (random() < 0.1) audio.microphoneError = error("microphone_denied", true);
    audio.openMicrophone = async (options: MicrophoneOptions) => {
      await open(options);
      // As the real one does.
      if (audio.log.includes("close")) throw error("aborted", false);
      openMicrophones.add(audio);
    };
    audio.close = async () => {
      await close();
      openMicrophones.delete(audio);
    };
  });
  const made: Scene = Object.assign(bench, {
    over: true,
    late: 0,
    connects: 0,
    settledConnects: [],
    aborts: [],
    gates,
    openMicrophones,
  });
  Object.defineProperty(bench.attempts, "shift", {
    value: () => {
      if (made.over) made.late++;
      return pick(attempts);
    },
  });
  return made;
}

type Step = (s: Scene, random: () => number) => unknown;

const steps: readonly Step[] = [
  (s) => {
    const abort = new AbortController();
    s.aborts.push(abort);
    s.over = false;
    s.connects++;
    s.client.connect({ signal: abort.signal }).then(
      () => s.settledConnects.push("up"),
      (reason: unknown) => s.settledConnects.push(reason instanceof VoiceClientError ? reason.code : `raw ${reason}`),
    );
  },
  (s) => {
    s.over = true;
    void s.client.disconnect();
  },
  (s) => s.aborts.at(-1)?.abort(),
  (s) => s.gates.shift()?.(),
  (s) => s.gates.pop()?.(),
  (s, random) => s.transports.at(-1)?.break("connection_lost", random() < 0.9),
  (s) => s.transports.at(-1)?.context.handlers.onMessage({ type: "state", state: "speaking", since: 0 }),
  // The one before: nobody listens to it any more.
  (s) => s.transports.at(-2)?.context.handlers.onMessage({ type: "state", state: "thinking", since: 0 }),
  (s) => s.transports.at(-2)?.break(),
  (s) => {
    s.transports.at(-1)?.context.handlers.onMessage({ type: "bye", reason: "server_closed", resumable: false });
    s.transports.at(-1)?.break("server_closed", false);
  },
  (s) => Object.assign(s.transports.at(-1) ?? {}, { accepting: false }),
  (s, random) => s.page.change(random() < 0.7),
  (s) => {
    s.over = true;
    for (const leave of [...s.page.leaves]) leave();
  },
  (s) => s.audios.at(-1)?.handlers.onFrame(0, new Int16Array(320)),
  (s) => s.audios.at(-1)?.handlers.onMicrophoneLost(error("microphone_lost", true)),
  (s, random) => s.client[random() < 0.5 ? "mute" : "unmute"](),
  (s, random) => s.clock.advance(Math.floor(random() * 900)),
  (s, random) => s.clock.advance(Math.floor(random() * 900)),
  (s, random) => s.clock.advance(Math.floor(random() * 12_000)),
];

describe("a life of calls in any order", () => {
  it.each(Array.from({ length: 150 }, (_, seed) => seed + 1))("keeps its promises: seed %d", async (seed) => {
    const random = chance(seed);
    const s = scene(random);
    // The page acts in the middle of what it is told, too.
    const eager = seed % 2 === 0 ? 0.3 : 0;
    for (const event of ["state", "session", "error", "muted"] as const) {
      s.client.on(event, () => {
        const begins = event !== "session" && s.client.state === "connecting";
        if (!begins && random() < eager) (steps[Math.floor(random() * 2)] as Step)(s, random);
      });
    }
    for (let i = 0; i < 60; i++) {
      const step = steps[Math.floor(random() * steps.length)] as Step;
      const done = step(s, random);
      if (done instanceof Promise) await done;
      // Some things happen in the same moment.
      else if (random() < 0.5) await s.clock.advance(0);
    }
    do {
      s.over = true;
      await s.client.disconnect();
    } while (!/idle|ended/.test(s.client.state));
    s.over = true;
    for (const gate of s.gates.splice(0)) gate();
    await s.clock.advance(60_000);

    const states = s.of("state");
    let state: CallState = "idle";
    for (const change of states) {
      expect(change.previous).toBe(state);
      expect(next[state], `from ${state}`).toContain(change.state);
      state = change.state;
    }
    const begun = states.filter((change) => change.state === "connecting").length;
    expect(states.filter((change) => change.state === "ended").length).toBe(begun);
    expect(s.late).toBe(0);
    // Every promise is kept, with a code.
    expect(s.settledConnects.length).toBe(s.connects);
    expect(s.settledConnects.join()).not.toMatch(/raw/);
    // Nothing is left.
    expect(s.transports.filter(({ closed }) => !closed)).toEqual([]);
    expect([...s.openMicrophones]).toEqual([]);
    expect(s.audios.filter(({ log }) => !log.includes("close"))).toEqual([]);
    expect([s.clock.pendingTimers, s.page.changes.size, s.page.leaves.size]).toEqual([0, 0, 0]);
  });
});
