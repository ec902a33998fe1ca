import { type AudioFrame, type ConnectionInput, RoomKitError } from "@roomkit/core";
import { settle } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { Inbound } from "./inbound.ts";

let inbound: Inbound;
let errors: string[];
let dropped: ConnectionInput[];

beforeEach(() => {
  errors = [];
  dropped = [];
  inbound = new Inbound({
    maxHeldMs: 2_000,
    onError: (error, event) => errors.push(`${event}: ${(error as Error).message}`),
    onDrop: (input) => dropped.push(input),
  });
});

const frame = (timestamp: number): AudioFrame => ({
  samples: new Int16Array(320),
  sampleRate: 16_000,
  channels: 1,
  timestamp,
});
const text = (words: string): ConnectionInput => ({ type: "text", text: words });
const said = (input: ConnectionInput): string => (input.type === "text" ? input.text : input.type);

/** Listens to both and writes down what comes, as it comes. */
function channel(): string[] {
  const log: string[] = [];
  inbound.onAudio(({ timestamp }) => log.push(`${timestamp}`));
  inbound.onInput((input) => log.push(said(input)));
  return log;
}

/** Listens to input only. */
function listener(): string[] {
  const log: string[] = [];
  inbound.onInput((input) => log.push(said(input)));
  return log;
}

describe("what a client says before anybody listens", () => {
  it("is heard once, audio and input in the order in which they came", async () => {
    inbound.receive(frame(0));
    inbound.input({ type: "mute", muted: true });
    inbound.receive(frame(20));
    inbound.input(text("hello"));
    const log = channel();
    // Neither overtakes what waits.
    inbound.input(text("again"));
    inbound.receive(frame(40));
    expect(log).toEqual([]);
    await settle();
    const all = ["0", "mute", "20", "hello", "again", "40"];
    expect(log).toEqual(all);
    inbound.receive(frame(60));
    inbound.input(text("now"));
    expect(log).toEqual([...all, "60", "now"]);
    await settle();
    expect(log).toHaveLength(8);
  });

  it("is heard whichever is listened to first, however much later the other is", async () => {
    inbound.receive(frame(0));
    inbound.input(text("hello"));
    const frames: number[] = [];
    inbound.onAudio(({ timestamp }) => frames.push(timestamp));
    await settle();
    expect(frames).toEqual([0]);
    inbound.input(text("still there"));
    const log = listener();
    await settle();
    expect(log).toEqual(["hello", "still there"]);
  });

  it("is heard by every listener until the audio has its consumer, by each once", async () => {
    inbound.input(text("one"));
    const early = listener();
    await settle();
    inbound.input(text("two"));
    expect(early).toEqual(["one", "two"]);
    const log = channel();
    await settle();
    expect(log).toEqual(["one", "two"]);
    const late = listener();
    inbound.input(text("three"));
    await settle();
    expect([early, log]).toEqual([
      ["one", "two", "three"],
      ["one", "two", "three"],
    ]);
    expect(late).toEqual(["three"]);
  });

  it("is bounded: the oldest goes first, and is named when nobody has heard it", async () => {
    for (let i = 0; i < 150; i++) inbound.receive(frame(20 * i));
    for (let i = 0; i < 130; i++) inbound.input(text(`${i}`));
    expect(dropped).toHaveLength(30);
    expect(inbound.heldAudio).toHaveLength(100);
    const log = channel();
    await settle();
    expect(log).toHaveLength(200);
    expect([log[0], log[100]]).toEqual(["1000", "30"]);
  });

  it("is bounded in characters too", async () => {
    const large = "x".repeat(100_000);
    for (const name of ["a", "b", "c"]) inbound.input({ type: "data", name, payload: { large } });
    inbound.input({ type: "data", name: "d", payload: undefined });
    expect(dropped).toMatchObject([{ name: "a" }]);
    const names: string[] = [];
    inbound.onInput((input) => names.push(input.type === "data" ? input.name : ""));
    await settle();
    expect(names).toEqual(["b", "c", "d"]);
    // Kept for who comes later, and no longer missed when it goes.
    for (let i = 0; i < 200; i++) inbound.input(text(""));
    expect(dropped).toHaveLength(1);
  });

  it("is forgotten at the end, also by who was about to hear it", async () => {
    inbound.receive(frame(0));
    inbound.input(text("hello"));
    const log = channel();
    inbound.close();
    await settle();
    inbound.receive(frame(20));
    inbound.input(text("late"));
    expect(log).toEqual([]);
    expect(inbound.heldAudio).toEqual([]);
  });

  it("ends with a listener that ends the connection", async () => {
    inbound.input({ type: "interrupt" });
    inbound.input(text("hello"));
    const log: string[] = [];
    inbound.onInput((input) => {
      log.push(said(input));
      inbound.close();
    });
    await settle();
    expect(log).toEqual(["interrupt"]);
  });
});

describe("a listener", () => {
  it("that fails harms neither the others nor what is still held", async () => {
    inbound.receive(frame(0));
    inbound.input(text("hello"));
    inbound.onAudio(() => {
      throw new Error("boom");
    });
    inbound.onInput(() => {
      throw new Error("thrown");
    });
    inbound.onInput(async () => {
      throw new Error("rejected");
    });
    const log = listener();
    await settle();
    expect(log).toEqual(["hello"]);
    expect(errors).toEqual(["audio: boom", "input: thrown", "input: rejected"]);
  });

  it("that goes hears nothing more; audio then waits for the next", async () => {
    const frames: number[] = [];
    const stop = inbound.onAudio(({ timestamp }) => frames.push(timestamp));
    expect(() => inbound.onAudio(() => {})).toThrow(RoomKitError);
    inbound.receive(frame(0));
    stop();
    inbound.receive(frame(20));
    expect(frames).toEqual([0]);
    const gone = inbound.onAudio(() => frames.push(-1));
    gone();
    await settle();
    inbound.onAudio(({ timestamp }) => frames.push(timestamp));
    await settle();
    expect(frames).toEqual([0, 20]);
  });
});
