import { type AudioFrame, type CloseReason, type ConnectionMessage, silentLogger } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { PacingWheel } from "../pacing/wheel.ts";
import type { PlayoutFrame } from "../playout/options.ts";
import type { ConnectionLink } from "./link.ts";
import { MediaConnection, type MediaConnectionOptions } from "./media-connection.ts";

const format = { sampleRate: 16_000, channels: 1 } as const;

class RecordingLink implements ConnectionLink {
  readonly frames: PlayoutFrame[] = [];
  readonly messages: ConnectionMessage[] = [];
  readonly raws: string[] = [];
  readonly cleared: number[] = [];
  reason: CloseReason | undefined;

  audio(frame: PlayoutFrame): boolean {
    this.frames.push(frame);
    return true;
  }

  raw(text: string): void {
    this.raws.push(text);
  }

  message(message: ConnectionMessage): void {
    this.messages.push(message);
  }

  clear(number: number): void {
    this.cleared.push(number);
  }

  close(reason: CloseReason): Promise<void> {
    this.reason = reason;
    return Promise.resolve();
  }
}

let clock: VirtualClock;
let link: RecordingLink;

function make(options: Partial<MediaConnectionOptions> = {}): MediaConnection {
  return new MediaConnection({
    id: "connection_1",
    label: "me",
    metadata: { user: 1 },
    inbound: format,
    outbound: format,
    playback: "estimated",
    clock,
    wheel: PacingWheel.shared(clock),
    logger: silentLogger,
    ...options,
  });
}

function audio(ms: number): AudioFrame {
  return { samples: new Int16Array(ms * 16), ...format, timestamp: 0 };
}

beforeEach(() => {
  clock = new VirtualClock();
  link = new RecordingLink();
});

describe("a connection", () => {
  it("holds what is said before its client is there, and the state once more for one that comes later", () => {
    const connection = make();
    connection.send({ type: "state", state: "listening" });
    connection.play("u", audio(40));
    expect(connection.queuedMs).toBe(40);
    connection.attach(link);
    expect(link.messages).toEqual([{ type: "state", state: "listening" }]);
    expect(link.frames).toHaveLength(2);
    connection.detach();
    const next = new RecordingLink();
    connection.attach(next);
    expect(next.messages).toEqual([{ type: "state", state: "listening" }]);
    connection.end({ code: "x", message: "" });
  });

  it("sends the application's own messages as they are, and holds them with the others", () => {
    const connection = make();
    connection.sendRaw({ a: 1 });
    connection.attach(link);
    connection.sendRaw({ b: "two" });
    expect(link.raws).toEqual(['{"a":1}', '{"b":"two"}']);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => connection.sendRaw(circle)).toThrow("JSON");
    expect(() => connection.sendRaw({ n: 1n })).toThrow("JSON");
  });

  it("holds at most a hundred messages", () => {
    const connection = make();
    for (let i = 0; i < 150; i++) connection.send({ type: "data", name: `m${i}`, payload: null });
    connection.attach(link);
    expect(link.messages).toHaveLength(100);
    expect(link.messages[0]).toMatchObject({ name: "m50" });
  });

  it("holds the caller's first two seconds until somebody listens, and has one listener", async () => {
    const connection = make();
    for (let i = 0; i < 150; i++) connection.receive({ ...audio(20), timestamp: i * 20 });
    const seen: number[] = [];
    connection.onReceived((frame) => seen.push(frame.timestamp));
    expect(seen).toHaveLength(100);
    const heard: number[] = [];
    const stop = connection.onAudio((frame) => heard.push(frame.timestamp));
    connection.receive({ ...audio(20), timestamp: 3_000 });
    await settle();
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => 1_020 + 20 * i));
    connection.receive(audio(20));
    expect(heard).toHaveLength(101);
    expect(() => connection.onAudio(() => {})).toThrow(expect.objectContaining({ code: "consumer_exists" }));
    stop();
    connection.onAudio(() => {
      throw new Error("boom");
    });
    connection.receive(audio(20));
  });

  it("silences its client and numbers utterances for it", () => {
    const connection = make();
    connection.attach(link);
    expect(connection.utteranceNumber("a")).toBe(1);
    connection.play("b", audio(1_000));
    const report = connection.clear();
    expect(report.utterances).toMatchObject([{ utterance: "b", done: true }]);
    expect(link.cleared).toEqual([2]);
    expect(connection.utteranceNumber("b")).toBe(2);
    expect(connection.utteranceNumber("c")).toBe(3);
  });

  it("presses the keys its client takes, and no others", async () => {
    const connection = make({ dtmfEvents: "12" });
    connection.attach(link);
    for (const digit of ["1", "3", "2"] as const) connection.playDtmf("u", { digit, toneMs: 40, pauseMs: 40 });
    connection.endUtterance("u");
    const none = make();
    none.attach(link);
    none.playDtmf("u", { digit: "1", toneMs: 40, pauseMs: 40 });
    expect([connection.dtmfEvents, none.dtmfEvents, none.queuedMs]).toEqual(["12", "", 0]);
    await clock.advance(1_000);
    expect(link.frames.flatMap(({ dtmf }) => (dtmf?.begins ? dtmf.digit : []))).toEqual(["1", "2"]);
    expect(link.frames.filter(({ samples }) => samples.length > 0)).toHaveLength(8);
    connection.end({ code: "bye", message: "" });
    connection.playDtmf("v", { digit: "1", toneMs: 40, pauseMs: 40 });
    expect(connection.queuedMs).toBe(0);
  });

  it("gives several listeners what is played, with silence if it is told to, until the last has gone", async () => {
    const connection = make({ playedSilence: true });
    connection.attach(link);
    const counts = [0, 0];
    const stops = counts.map((_, i) =>
      connection.onPlayed(() => {
        counts[i] = (counts[i] ?? 0) + 1;
      }),
    );
    await clock.advance(200);
    expect(counts).toEqual([10, 10]);
    stops[0]?.();
    await clock.advance(200);
    expect(counts).toEqual([10, 20]);
    stops[1]?.();
    await clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it("tells how far playback got before it tells that it ended, each once", async () => {
    const connection = make();
    connection.attach(link);
    const log: string[] = [];
    connection.onPlayback(({ utterance, done }) => log.push(`${utterance} ${done}`));
    connection.onClose(({ code }) => log.push(code));
    connection.onClose(() => {
      throw new Error("boom");
    });
    connection.play("u", audio(1_000));
    await clock.advance(10);
    await connection.close({ code: "bye", message: "" });
    await connection.close();
    connection.end({ code: "again", message: "" });
    expect(log).toEqual(["u true", "bye"]);
    expect(link.reason?.code).toBe("bye");
    connection.onClose(({ code }) => log.push(`late ${code}`));
    expect(log.at(-1)).toBe("late bye");
  });

  it("does nothing after its end", async () => {
    const connection = make();
    connection.attach(link);
    connection.end({ code: "x", message: "" });
    const heard: unknown[] = [];
    connection.onAudio((frame) => heard.push(frame));
    connection.onInput((input) => heard.push(input));
    connection.onPlayed((frame) => heard.push(frame));
    connection.receive(audio(20));
    connection.input({ type: "interrupt" });
    connection.play("u", audio(20));
    connection.endUtterance("u");
    connection.send({ type: "state", state: "listening" });
    connection.report(1, 5, true);
    connection.attach(new RecordingLink());
    expect(connection.clear()).toEqual({ utterances: [] });
    await connection.writable(0, new AbortController().signal);
    await clock.advance(1_000);
    expect(heard).toEqual([]);
    expect(link.frames).toEqual([]);
    expect(link.messages).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("counts what it had to drop", () => {
    const connection = make({ maxQueuedMs: 500 });
    connection.play("a", audio(400));
    connection.play("b", audio(400));
    expect(connection.quality.droppedMs).toBe(400);
  });

  it("says how well it carries audio, and nothing of what nobody counts", () => {
    const connection = make({ playback: "reported" });
    expect(connection.quality).toEqual({ droppedMs: 0, queuedMs: 0 });
    const inbound = { received: 10, lost: 1, late: 0, jitterMs: 3, concealedMs: 20 };
    connection.attach(Object.assign(new RecordingLink(), { inbound }));
    connection.play("u", audio(1_000));
    connection.report(1, 0, false, 2);
    // A client that says nothing of it has not taken it back.
    connection.report(1, 160, false);
    expect(connection.quality).toEqual({ inbound, underruns: 2, droppedMs: 0, queuedMs: 800 });
    connection.detach();
    expect(connection.quality.inbound).toBeUndefined();
    connection.end({ code: "x", message: "" });
  });

  it("reports what a client says it played", () => {
    const connection = make({ playback: "reported" });
    connection.attach(link);
    const log: unknown[] = [];
    connection.onPlayback((progress) => log.push(progress));
    connection.play("u", audio(100));
    connection.report(1, 800, false);
    expect(log).toEqual([{ utterance: "u", playedMs: 50, confidence: "reported", done: false }]);
    connection.end({ code: "x", message: "" });
  });
});
