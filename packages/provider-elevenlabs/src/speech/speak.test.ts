import type { SpeechPart } from "@roomkit/core";
import { BoundedQueue } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { SpeechChannel, Spoken } from "./channel.ts";
import { Pieces } from "./pieces.ts";
import { speak } from "./speak.ts";

/** A vendor that says what it is told to. */
class FakeChannel extends BoundedQueue<Spoken> implements SpeechChannel {
  readonly sent: string[] = [];
  closed = 0;

  constructor() {
    super({ capacity: 100 });
  }

  say(text: string): void {
    this.sent.push(text);
  }

  keepAlive(): void {
    this.sent.push("(keep alive)");
  }

  finish(): void {
    this.sent.push("(end)");
  }

  async drain(): Promise<void> {}

  close(): void {
    this.closed++;
    this.end();
  }
}

const sound = (bytes: number): Spoken => ({ audio: new Uint8Array(bytes), alignment: undefined, final: false });
const FINAL: Spoken = { audio: undefined, alignment: undefined, final: true };

/** Speaks pieces that are given one by one. */
function speaking(): {
  channel: FakeChannel;
  clock: VirtualClock;
  text: BoundedQueue<string>;
  parts: SpeechPart[];
  done: Promise<void>;
} {
  const channel = new FakeChannel();
  const clock = new VirtualClock();
  const text = new BoundedQueue<string>({ capacity: 10 });
  const parts: SpeechPart[] = [];
  const { signal } = new AbortController();
  const done = (async () => {
    const options = { sampleRate: 8_000, stallMs: 1_000, clock, signal };
    for await (const part of speak(async () => channel, new Pieces(text), options)) parts.push(part);
  })();
  done.catch(() => {});
  return { channel, clock, text, parts, done };
}

describe("speak", () => {
  it("does not take the end of what was sent so far for the end of the utterance", async () => {
    const { channel, clock, text, parts, done } = speaking();
    text.push("one");
    await settle();
    channel.push(sound(320));
    channel.push(FINAL);
    await settle();
    text.push("two");
    text.end();
    await settle();
    channel.push(sound(320));
    channel.push(FINAL);
    await done;
    expect(channel.sent).toEqual(["one", "two", "(end)"]);
    expect(parts).toHaveLength(2);
    expect(channel.closed).toBeGreaterThan(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fails when it ends before the last of it, or with nothing to hear", async () => {
    for (const messages of [[sound(320)], [FINAL]]) {
      const { channel, text, done } = speaking();
      text.push("one");
      text.end();
      await settle();
      for (const message of messages) channel.push(message);
      channel.end();
      await expect(done).rejects.toMatchObject({ kind: "protocol", vendorCode: "incomplete" });
    }
  });

  it("fails when nothing comes of text that was sent, but not while there is none", async () => {
    const { channel, clock, text, done } = speaking();
    text.push("one");
    await settle();
    channel.push(sound(320));
    await settle();
    await clock.advance(9_000);
    text.push("two");
    await settle();
    await clock.advance(1_000);
    await expect(done).rejects.toMatchObject({ kind: "timeout" });
    expect(channel.closed).toBeGreaterThan(0);
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });
});
