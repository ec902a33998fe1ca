import { encodeAudioFrame, serializeServerMessage } from "@roomkit/protocol";
import { seededRandom, settle } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VoiceClientError } from "../errors.ts";
import { installSockets, ready, ScriptedSocket } from "../transport/scripted-socket.fixture.ts";
import { type Bench, makeBench } from "./fakes.fixture.ts";

/*
 * What a server says over a socket, and when: every row may meet every other one.
 *
 * | what                     | before `ready`         | in a session           | after `bye`    | after the end |
 * | ------------------------ | ---------------------- | ---------------------- | -------------- | ------------- |
 * | `ready`                  | listening              | ignored                | ignored        | nobody        |
 * | `bye`, to be resumed     | rejects, may be retried| kept for the close     | the newer holds| nobody        |
 * | `bye`, for good          | rejects                | the close ends the call| the newer holds| nobody        |
 * | a message of v1          | ignored                | told                   | told           | nobody        |
 * | compat's, unknown        | ignored                | ignored                | ignored        | nobody        |
 * | no JSON, or malformed    | `protocol_error`       | ignored                | ignored        | nobody        |
 * | audio                    | ignored                | played                 | played         | nobody        |
 * | a frame that is none     | ignored                | ignored                | ignored        | nobody        |
 * | close, by each code      | rejects                | ends, or is back       | as it says     | nobody        |
 * | nothing, for ever        | `connection_timeout`   | reconnecting           | as it says     | nobody        |
 */

let uninstall = (): void => {};
let there: boolean;

beforeEach(() => {
  there = true;
  vi.stubGlobal("fetch", async () => {
    if (!there) throw new TypeError("Failed to fetch");
    return Response.json({ endpoints: { websocket: "/x" } });
  });
});
afterEach(() => {
  uninstall();
  vi.unstubAllGlobals();
});

const samples = new Uint8Array(320);
const frame = (utterance: number, offset: number): Uint8Array =>
  encodeAudioFrame({ utterance, offset, end: offset > 900, audio: samples });

const texts: readonly string[] = [
  ...(["listening", "thinking", "speaking"] as const).map((state) =>
    serializeServerMessage({ type: "state", state, since: 0 }),
  ),
  serializeServerMessage({ type: "clear", utterance: 2 }),
  serializeServerMessage({ type: "clear", utterance: 4_294_967_295 }),
  serializeServerMessage({ type: "transcript", id: "t", role: "user", text: "x", final: true, revision: 0 }),
  serializeServerMessage({ type: "error", code: "tts_failed", message: "m", retryable: true }),
  serializeServerMessage({ type: "pong", t: 1e15 }),
  serializeServerMessage({ type: "transcription", data: { role: "user", text: "x" } }),
  serializeServerMessage({ type: "clear_audio" }),
  '{"event":"media","media":{"payload":"AAAA"}}',
  '{"event":"pong"}',
  '{"type":"of-tomorrow"}',
];
const malformed = [
  "",
  "null",
  "[]",
  '{"type":"state","state":"asleep","since":0}',
  '{"event":"ready"}',
  "{".repeat(50),
];
const reasons = ["server_closed", "draining", "idle_timeout", "goodbye"];
const codes = [1000, 1001, 1005, 1006, 1008, 1011, 1013, 4401, 4403, 4404, 4409, 4410, 4429];

interface Scene extends Bench {
  readonly outcomes: string[];
  connects: number;
}

type Step = (s: Scene, socket: ScriptedSocket | undefined, below: (limit: number) => number) => unknown;

const say = (socket: ScriptedSocket | undefined, data: string | ArrayBuffer): void => {
  if (socket?.readyState === 1) socket.onmessage?.({ data });
};

const steps: readonly Step[] = [
  (s) => {
    s.connects++;
    s.client.connect().then(
      () => s.outcomes.push("up"),
      (error: unknown) => s.outcomes.push(error instanceof VoiceClientError ? error.code : `raw ${error}`),
    );
  },
  (s, _socket, below) => (below(6) === 0 ? s.client.disconnect().then(() => {}) : undefined),
  (_s, socket, below) => say(socket, serializeServerMessage({ ...ready, resumed: below(2) === 0 })),
  (_s, socket, below) => say(socket, serializeServerMessage({ ...ready, resume: `r${below(9)}` })),
  (_s, socket, below) => say(socket, texts[below(texts.length)] as string),
  (_s, socket, below) => say(socket, texts[below(texts.length)] as string),
  (_s, socket, below) => say(socket, malformed[below(malformed.length)] as string),
  (_s, socket, below) => {
    const [reason, resumable] = [reasons[below(4)] as string, below(2) === 0];
    const code = below(2) === 0 ? undefined : codes[below(codes.length)];
    say(socket, serializeServerMessage({ type: "bye", reason, resumable, ...(code === undefined ? {} : { code }) }));
  },
  (_s, socket, below) => say(socket, frame(below(4), below(1_000)).buffer as ArrayBuffer),
  (_s, socket, below) => {
    const bytes = frame(below(4), below(1_000)).slice(0, below(40));
    if (below(2) === 0) bytes[0] = below(256);
    say(socket, bytes.buffer as ArrayBuffer);
  },
  (_s, socket, below) => {
    if (socket && socket.readyState < 2) socket.closeFromServer(codes[below(codes.length)] as number, "");
  },
  (_s, _socket, below) => {
    there = below(3) > 0;
  },
  (s, _socket, below) => s.page.change(below(3) > 0),
  (s) => {
    if (s.client.state === "speaking") s.client.interrupt();
  },
  (s, _socket, below) => s.clock.advance(below(900)),
  (s, _socket, below) => s.clock.advance(below(6_000)),
];

describe("a server that says anything at any time", () => {
  it.each(Array.from({ length: 80 }, (_, seed) => seed + 1))("seed %d", async (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    uninstall = installSockets({ onMessage: () => {} });
    const s: Scene = Object.assign(
      makeBench({
        transport: "websocket",
        reconnect: { giveUpAfterMs: 20_000 },
        onHandlerError: (error) => expect.unreachable(String(error)),
      }),
      { outcomes: [], connects: 0 },
    );
    for (let i = 0; i < 80; i++) {
      const step = steps[below(steps.length)] as Step;
      const done = step(s, ScriptedSocket.sockets.at(below(8) === 0 ? -2 : -1), below);
      if (done instanceof Promise) await done;
      else if (below(2) === 0) await settle();
    }
    await s.client.disconnect();
    const told = s.events.length;
    for (const socket of ScriptedSocket.sockets) {
      socket.onmessage?.({ data: serializeServerMessage(ready) });
      say(socket, texts[0] as string);
    }
    await s.clock.advance(60_000);

    expect(s.events.length).toBe(told);
    expect(["idle", "ended"]).toContain(s.client.state);
    const states = s.states();
    const count = (state: string): number => states.filter((each) => each === state).length;
    expect(count("ended")).toBe(count("connecting"));
    expect(s.outcomes.length).toBe(s.connects);
    expect(s.outcomes.join()).not.toMatch(/raw/);
    expect(ScriptedSocket.sockets.filter(({ readyState }) => readyState < 2)).toEqual([]);
    expect([s.clock.pendingTimers, s.page.changes.size, s.page.leaves.size]).toEqual([0, 0, 0]);
  });
});
