import { systemClock } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import type { MediaCall, MediaHost } from "../host/media-host.ts";
import { until } from "../testing.fixture.ts";
import { Credit, costOf, Receipts } from "./credit.ts";
import type { FromCall, FromWorker } from "./messages.ts";
import { Outbox, ownSamples } from "./outbox.ts";
import { SendBuffer } from "./send-buffer.ts";
import { ServedCall } from "./served-call.ts";

describe("what flows between threads", () => {
  it("is posted together", async () => {
    const posts: (readonly number[])[] = [];
    const outbox = new Outbox<number>((messages) => posts.push(messages));
    for (const n of [1, 2, 3]) outbox.put(n);
    expect(posts).toEqual([]);
    await until(() => posts.length === 1, "the first post");
    outbox.put(4);
    outbox.put(5);
    await until(() => posts.length === 2, "the second");
    outbox.put(6);
    outbox.flush();
    outbox.flush();
    expect(posts).toEqual([[1, 2, 3], [4, 5], [6]]);
  });

  it("is not posted for each turn of the event loop when there is always something", async () => {
    let posts = 0;
    const outbox = new Outbox<number>(() => posts++);
    let turns = 0;
    for (const until = performance.now() + 60; performance.now() < until; turns++) {
      outbox.put(turns);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).toBeGreaterThan(100);
    expect(posts).toBeGreaterThan(0);
    expect(posts).toBeLessThan(turns / 2);
  });

  it("is samples alone, not the buffer around them", () => {
    const whole = Int16Array.from({ length: 100 }, (_, i) => i);
    expect(ownSamples(whole)).toBe(whole);
    const part = ownSamples(whole.subarray(10, 20));
    expect([part[0], part.buffer.byteLength]).toEqual([10, 20]);
  });

  it("is bounded by what has not been dealt with", () => {
    const credit = new Credit(10);
    const told: number[] = [];
    const receipts = new Receipts(4, (amount) => told.push(amount));
    expect([credit.take(6), credit.take(5), credit.take(4)]).toEqual([true, false, true]);
    for (const amount of [3, 3, 3]) receipts.add(amount);
    expect(told).toEqual([6]);
    credit.give(6);
    expect([credit.take(7), credit.take(6)]).toEqual([false, true]);
    expect(costOf("ä".repeat(10))).toBeGreaterThanOrEqual(20);
  });

  it("counts bytes of messages until the network has them", () => {
    const buffer = new SendBuffer(10, 8);
    expect([buffer.take("ääää"), buffer.take("aaa"), buffer.take("aa"), buffer.bytes]).toEqual([true, false, true, 10]);
    buffer.report(8, 8);
    expect([buffer.bytes, buffer.take("a")]).toEqual([10, false]);
    buffer.report(10, 3);
    expect([buffer.bytes, buffer.take("aaaaaaaaa"), buffer.take("aaaaaaa")]).toEqual([3, false, true]);
  });
});

describe("a call whose main thread stalls", () => {
  it("drops what is too much to keep, counts it, and goes on afterwards", async () => {
    const messages: FromWorker[] = [];
    let say: (frame: { samples: Int16Array; timestamp: number; sampleRate: number; channels: 1 }) => void = () => {};
    const nothing = (): (() => void) => () => {};
    const media = {
      answer: "",
      stats: { peer: {}, audio: undefined, mediaDropped: {} },
      onConnected: nothing,
      onDigit: nothing,
      onExcess: nothing,
      onDataChannel: nothing,
      onClosed: nothing,
      onAudio: (listener: typeof say) => {
        say = listener;
      },
    } as unknown as MediaCall;
    const call = new ServedCall({
      number: 1,
      request: {} as never,
      host: { accept: async () => media } as unknown as MediaHost,
      clock: systemClock,
      put: (message) => messages.push(message),
      onEnd: () => {},
    });
    await new Promise((resolve) => setImmediate(resolve));
    const frame = { samples: new Int16Array(320), timestamp: 0, sampleRate: 16_000, channels: 1 } as const;
    for (let i = 0; i < 5_000; i++) say(frame);
    const audio = messages.filter((m): m is FromCall & { type: "audio" } => m.type === "audio");
    const bytes = audio.length * costOf(frame.samples);
    expect(bytes).toBeLessThanOrEqual(1_048_576);
    expect(audio.length).toBeGreaterThan(500);
    expect(call.stats?.mediaDropped.main_thread_late).toBe(5_000 - audio.length);
    call.handle({ type: "taken", call: 1, bytes });
    say(frame);
    expect(messages.at(-1)?.type).toBe("audio");
  });
});
