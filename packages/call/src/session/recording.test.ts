import { type ChannelHost, RoomKit, silentLogger, type VoiceSession } from "@roomkit/core";
import { FakeRecording, seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { CallRecording, noting } from "./recording.ts";

const session: VoiceSession = {
  ...{ id: "vs", roomId: "room", participantId: "caller", channelId: "voice" },
  ...{ state: "active", metadata: {} },
};

let clock: VirtualClock;
let kit: RoomKit;
let host: ChannelHost;
let recording: FakeRecording;
/** `stopped REASON` and `refused REASON`, in the order in which they were told. */
let told: string[];

beforeEach(() => {
  clock = new VirtualClock();
  kit = new RoomKit({ clock, logger: silentLogger });
  const register = (given: ChannelHost): void => {
    host = given;
  };
  kit.registerChannel({ id: "voice", kind: "voice", category: "transport", register, async close() {} });
  recording = new FakeRecording();
  told = [];
  kit.hook("ON_RECORDING_STOPPED", ({ recording: { reason, id }, session: { id: whose } }) => {
    told.push(`stopped ${reason}`);
    expect([id, whose]).toEqual(["rec_fake", "vs"]);
  });
  kit.on("recording_refused", ({ reason, recording: { name } }) => {
    told.push(`refused ${reason}`);
    expect(name).toBe("name-of-rec_fake");
  });
});

const begin = (): CallRecording => CallRecording.begin(recording, { room: host, session }) as CallRecording;
const end = (call: CallRecording): Promise<void> => call.end("client_closed", Promise.resolve());

describe("the recording of a call", () => {
  it("begins at once where no hook is there to say no", async () => {
    const call = begin();
    expect([call.state, call.info]).toEqual(["recording", recording.info]);
    await settle();
    await end(call);
    expect(told).toEqual(["stopped client_closed"]);
  });

  it("does not begin where nobody is asked though somebody must be", async () => {
    recording = new FakeRecording({ requireConsent: true });
    kit.hook("ON_RECORDING_STARTED", () => {}, { execution: "async" });
    const call = begin();
    await settle();
    expect([call.state, told]).toEqual(["ended", ["refused no_consent"]]);
  });

  it("is told to those who only listen, too", async () => {
    const heard: unknown[] = [];
    kit.hook("ON_RECORDING_STARTED", ({ recording: info }) => void heard.push(info), { execution: "async" });
    begin();
    await settle();
    expect(heard).toEqual([recording.info]);
  });

  it("waits for the hook, however long that takes within its time", async () => {
    kit.hook("ON_RECORDING_STARTED", () => clock.sleep(40_000), { timeoutMs: 60_000 });
    const call = begin();
    await clock.advance(39_999);
    expect(call.state).toBe("waiting");
    await clock.advance(1);
    expect(call.state).toBe("recording");
  });

  it.each([
    ["blocks", () => ({ action: "block", reason: "not here" }) as const, "refused not here"],
    [
      "throws",
      () => {
        throw new Error("no");
      },
      "refused hook_failed",
    ],
    ["hangs", () => new Promise<void>(() => {}), "refused hook_failed"],
    ["answers nonsense", () => ({ action: "perhaps" }) as never, "refused hook_failed"],
  ])("does not begin when the hook %s", async (_what, hook, expected) => {
    kit.hook("ON_RECORDING_STARTED", hook);
    const call = begin();
    await clock.advance(30_000);
    expect([call.state, told]).toEqual(["ended", [expected]]);
    call.resume();
    await call.stop();
    await end(call);
    expect(told).toEqual([expected]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fails with its storage, and the call goes on", async () => {
    const call = begin();
    recording.fail("disk_full");
    await settle();
    await end(call);
    expect(told).toEqual(["stopped failed"]);
  });

  it.each([
    ["nothing", {}, []],
    ["what was lost", { lostMs: 40 }, [{ session: "vs", reason: "client_closed", lostMs: 40 }]],
    [
      "why it failed",
      { error: { code: "disk_full", message: "full" } },
      [{ session: "vs", reason: "client_closed", lostMs: 0, code: "disk_full" }],
    ],
  ])("warns of %s, when it is not whole", async (_what, facts, expected) => {
    const warned: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: unknown) => void warned.push(fields) };
    const ended = recording.ended.then((summary) => summary && { ...summary, ...facts });
    Object.defineProperty(recording, "ended", { value: ended });
    const room = Object.create(host, { logger: { value: logger } }) as ChannelHost;
    const call = CallRecording.begin(recording, { room, session }) as CallRecording;
    await settle();
    await end(call);
    await settle();
    expect(warned).toStrictEqual(expected);
    expect(told).toEqual(["stopped client_closed"]);
  });

  it("waits at its end for the last words, and nothing for a hook that is still being asked", async () => {
    let aborted = false;
    kit.hook("ON_RECORDING_STARTED", (_payload, { signal }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const waiting = begin();
    await settle();
    await end(waiting);
    await settle();
    expect([aborted, waiting.state, told]).toEqual([true, "ended", []]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("notes who said what, and who speaks where the audio path does not find that", async () => {
    const call = begin();
    const room = noting(host, call, { speech: true });
    const { roomId } = session;
    room.notifyHooks("ON_SPEECH_START", { session, roomId, timestamp: 5 });
    room.notifyHooks("ON_SPEECH_END", { session, roomId, timestamp: 5, durationMs: 3 });
    room.notifyHooks("ON_TURN_COMPLETE", { session, roomId, text: "hello", turnId: "t" });
    room.notifyHooks("ON_TURN_METRICS", { session, roomId, metrics: { turnId: "t", interrupted: false } });
    noting(host, call, { speech: false }).notifyHooks("ON_SPEECH_START", { session, roomId, timestamp: 5 });
    room.note?.({ type: "own" });
    expect(recording.notes).toEqual([
      { type: "speech-start" },
      { type: "speech-end" },
      { type: "transcript", role: "user", text: "hello", turnId: "t" },
      { type: "own" },
    ]);
    expect(noting(host, undefined, { speech: true })).toBe(host);
  });
});

describe("in any order", () => {
  /** What may happen, besides the answer of the hook, to a call that is being recorded or is about to be. */
  const events = ["answer", "pause", "resume", "stop", "end", "fail", "late"] as const;

  it.each(Array.from({ length: 60 }, (_, seed) => [seed]))(
    "of seed %i: told once, and never before a yes",
    async (seed) => {
      const random = seededRandom(seed);
      const allows = random() < 0.7;
      let answer = (): void => {};
      kit.hook(
        "ON_RECORDING_STARTED",
        () =>
          new Promise((resolve) => {
            answer = () => resolve({ action: allows ? "allow" : "block", reason: "no" });
          }),
      );
      const call = begin();
      await settle();
      let answered = false;
      let paused = false;
      let over = false;
      const order = [...events, ...events].sort(() => random() - 0.5);
      for (const event of order) {
        if (event === "answer") {
          answer();
          over ||= !answered && !allows;
          answered = true;
        } else if (event === "pause") {
          call.pause();
          paused = true;
        } else if (event === "resume") {
          call.resume();
          paused = false;
        } else if (event === "stop") {
          void call.stop();
          over = true;
        } else if (event === "end") {
          void end(call);
          over = true;
        } else if (event === "fail" && answered && !over) {
          recording.fail("disk_full");
          over = true;
        } else if (event === "late") await clock.advance(100);
        await settle();
        const running = answered ? (paused ? "paused" : "recording") : "waiting";
        expect(call.state, order.join(" ")).toBe(over ? "ended" : running);
      }
      await clock.advance(60_000);
      const begun = told.filter((each) => each.startsWith("stopped")).length;
      const refused = told.filter((each) => each.startsWith("refused")).length;
      expect(begun + refused, order.join(" ")).toBeLessThanOrEqual(1);
      const first = order.find((event) => event === "answer" || event === "stop" || event === "end");
      expect([begun, refused]).toEqual(first === "answer" ? [allows ? 1 : 0, allows ? 0 : 1] : [0, 0]);
      expect(clock.pendingTimers).toBe(0);
    },
  );
});
