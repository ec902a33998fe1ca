import { eventText, MemoryStore, type RoomEvent, RoomKitError, silence, type TtsProvider } from "@roomkit/core";
import { CallerLab, labMatchers } from "@roomkit/testing";
import { afterEach, expect, it, vi } from "vitest";
import { answered, labCall } from "./lab-call.fixture.ts";
import { call } from "./voice-call.fixture.ts";

expect.extend(labMatchers);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const QUESTION = "What is the capital of Germany?";
const ANSWER = "Berlin is the capital of Germany. It is a big town on the river Spree.";
const mono = { sampleRate: 16_000, channels: 1 } as const;

const texts = (events: readonly RoomEvent[]): string[] => events.map(eventText).filter(Boolean);

/** When something was handed to the caller's line or taken off it, ms of the call. */
function watchLine({ line, clock }: CallerLab) {
  const plays: { readonly utterance: string; readonly at: number }[] = [];
  const clears: number[] = [];
  const [play, clear] = [line.play.bind(line), line.clear.bind(line)];
  line.play = (utterance, frame) => {
    plays.push({ utterance, at: clock.now() });
    play(utterance, frame);
  };
  line.clear = () => {
    clears.push(clock.now());
    return clear();
  };
  return { plays, clears };
}

it("row 60: a caller hears and learns nothing of another room, whatever room their client names", async () => {
  const own = await labCall({ answer: ANSWER });
  const { kit, lab, clock } = { ...own, clock: own.lab.clock };
  const other = new CallerLab({
    ...{ clock, backend: lab.backend, seed: 2 },
    metadata: { roomId: own.room.id, room_id: own.room.id, participantId: "caller" },
  });
  const elsewhere = await answered(kit, other);
  await expect(kit.join(own.room.id, "voice", { session: elsewhere.session })).rejects.toMatchObject({
    code: "invalid_option",
  });
  const { plays } = watchLine(other);
  other.caller.sends("subscribe", { roomId: own.room.id }).sends("start", { room_id: own.room.id });
  lab.caller.pauses(300).says(QUESTION);
  await lab.run();
  await lab.until(({ ear }) => ear.heard().includes("Spree"));
  await lab.wait(1_000);
  // The one in whose room it was said had all of it, and the other not a frame and not a word.
  expect(await own.log()).toHaveLength(2);
  expect([plays, other.ear.spans, other.client.turns, other.client.raw]).toEqual([[], [], [], []]);
  other.caller.writes("I am in the other room.");
  await other.run();
  await clock.advance(5_000);
  expect(texts(await kit.timeline(elsewhere.room.id))).toEqual(["I am in the other room.", ANSWER]);
  expect(await own.log()).toHaveLength(2);
  await other.close();
  await own.end();
});

it("row 62: a voice that makes a minute in no time is held back, and stops with its utterance", async () => {
  let made = 0;
  let stopped = false;
  const fast: Partial<TtsProvider> = {
    async *synthesize(text) {
      for await (const _ of text);
      try {
        for (; made < 60_000; made += 20) yield { type: "audio", frame: silence(mono, 20, made) };
      } finally {
        stopped = true;
      }
    },
  };
  const c = await call();
  Object.assign(c.tts, fast);
  const said = c.voice.say(c.session.id, "A long story.");
  await c.clock.advance(0);
  for (let second = 1; second <= 10; second++) {
    await c.clock.advance(1_000);
    // `maxQueuedMs` is 5 s.
    expect(made - second * 1_000).toBeLessThanOrEqual(5_100);
    expect(c.connection.queuedMs).toBeLessThanOrEqual(5_100);
  }
  c.connection.input({ type: "interrupt" });
  await c.clock.advance(20);
  expect([stopped, c.connection.queuedMs, made < 16_000]).toEqual([true, 0, true]);
  expect(await said).toMatchObject({ heard: { interrupted: true } });
});

it("row 62: what comes whole is given to the listener in pieces, and all of it is heard", async () => {
  const c = await call();
  const played = c.voice.play(c.session.id, silence(mono, 90_000), "The terms.");
  let most = 0;
  for (let at = 0; at < 92_000; at += 500) {
    await c.clock.advance(500);
    most = Math.max(most, c.connection.queuedMs);
  }
  expect(most).toBeLessThanOrEqual(6_100);
  expect([...c.connection.played.values()]).toEqual([90_000]);
  expect(await played).toMatchObject({ text: "The terms." });
});

it("row 63: words at any point of a turn end what it has come to, and nothing of that is heard any more", {
  timeout: 120_000,
}, async () => {
  const points = { cut: 0, silent: 0, over: 0 };
  // From the caller's own last word over the pause, the thinking, the first sound, to after the end of the answer.
  for (let pauseMs = 0; pauseMs < 7_000; pauseMs += 230) {
    const at = `${pauseMs} ms after the question`;
    const c = await labCall({ answer: ANSWER, lab: { seed: 1 + pauseMs } });
    const { lab } = c;
    const { plays, clears } = watchLine(lab);
    lab.caller.pauses(300).says(QUESTION).pauses(pauseMs).says("No, I meant another one, the one in the north.");
    await lab.run();
    await lab.wait(12_000);
    const second = lab.said.at(-1) as { fromMs: number; toMs: number };
    const before = lab.ear.spans.filter(({ fromMs }) => fromMs < second.toMs);
    for (const { utterance, cleared, toMs = Number.POSITIVE_INFINITY } of before) {
      if (!cleared) {
        // It had come to its end, at the latest before they were known to be words.
        expect(toMs - second.fromMs, at).toBeLessThanOrEqual(500);
        continue;
      }
      // The line is emptied in the moment of the decision; the ear still plays its own buffer of 40 ms.
      const emptied = clears.find((time) => time >= second.fromMs) ?? Number.NaN;
      expect(emptied - second.fromMs, at).toBeLessThanOrEqual(700);
      expect(toMs - emptied, at).toBeLessThanOrEqual(40);
      expect(
        plays.filter((play) => play.utterance === utterance && play.at > emptied),
        at,
      ).toEqual([]);
    }
    expect(lab).neverTalkedOver();
    // They are answered, once.
    expect(lab.ear.spans.length - before.length, at).toBe(1);
    points[before.length === 0 ? "silent" : before.at(-1)?.cleared ? "cut" : "over"]++;
    await c.end();
    expect([lab.clock.pendingTimers, c.tts.open, c.model.open], at).toEqual([0, 0, 0]);
  }
  expect(Math.min(points.cut / 5, points.silent / 3, points.over / 3)).toBeGreaterThanOrEqual(1);
});

it("row 69: a call is the same, byte for byte, when the wall clock jumps in the middle of it", async () => {
  const once = async (jumps: readonly number[]): Promise<string> => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const c = await labCall({ answer: ANSWER, lab: { seed: 3, network: { delayMs: 30, jitterMs: 30 } } });
    const { lab, clock } = { lab: c.lab, clock: c.lab.clock };
    const { wallTime } = clock;
    let offsetMs = 0;
    Object.assign(clock, { wallTime: () => wallTime() + offsetMs });
    const jump = (hours: number) => () => {
      offsetMs += hours * 3_600_000;
      vi.setSystemTime(Date.now() + hours * 3_600_000);
      return true;
    };
    const [first = 0, second = 0, third = 0] = jumps;
    lab.beside("clock").at(900).until(jump(first)).at(3_500).until(jump(second)).at(6_000).until(jump(third));
    lab.caller
      .pauses(300)
      .says(QUESTION)
      .until(({ ear }) => ear.playing)
      .pauses(1_200)
      .says("No, I meant another one.");
    await lab.run();
    await lab.wait(8_000);
    await c.end();
    vi.useRealTimers();
    return lab.trace.toString();
  };
  const plain = await once([]);
  expect(plain.split("\n").length).toBeGreaterThan(40);
  expect(await once([1, -2, 1])).toBe(plain);
});

it("row 70: a hook that blocks the process for 2 s: every answer is whole, and the next one in time", async () => {
  const c = await labCall({ answer: ANSWER });
  const { kit, lab } = c;
  const { clock } = lab;
  const witness = new CallerLab({ clock, backend: lab.backend, seed: 2 });
  const beside = await answered(kit, witness);
  let held = 0;
  kit.hook("ON_TRANSCRIPTION", ({ session }) => {
    if (session.id !== c.session.id) return;
    held++;
    clock.holdUp(2_000);
  });
  // While the one listens to an answer the words of the other are understood.
  lab.caller.pauses(300).says(QUESTION);
  witness.caller.pauses(1_800).writes(QUESTION);
  await lab.run();
  await clock.advance(15_000);
  expect(held).toBe(1);
  for (const { id } of [c.room, beside.room]) expect(texts(await kit.timeline(id))).toEqual([QUESTION, ANSWER]);
  for (const { ear } of [lab, witness]) {
    const renderedMs = ear.spans.reduce((sum, { fromMs, toMs = Number.NaN }) => sum + toMs - fromMs, 0);
    expect(renderedMs).toBeGreaterThan(3_000);
    expect(ear.spans.filter(({ cleared }) => cleared)).toEqual([]);
  }
  expect(witness.ear.spans[0]?.fromMs).toBeLessThan(3_000);
  const before = witness.ear.spans.length;
  const askedMs = witness.now;
  witness.caller.writes("And where is that?");
  await clock.advance(6_000);
  expect((witness.ear.spans[before]?.fromMs ?? Number.NaN) - askedMs).toBeLessThan(300);
  await witness.close();
  await c.end();
});

it("row 70: a store on a full disk: the turn is told as failed, the call stays, and is answered when there is room", async () => {
  const warned: unknown[] = [];
  const warn = (fields: unknown): void => void warned.push(fields);
  const c = await call({
    stt: [{ finals: ["One."] }, { finals: ["Two."] }, { finals: ["Three."] }],
    answers: ["First.", "Second."],
    logger: { debug() {}, info() {}, warn, error: warn },
  });
  await c.speak(600);
  await c.clock.advance(3_000);
  const commit = vi
    .spyOn(MemoryStore.prototype, "commit")
    .mockRejectedValue(new RoomKitError("store_failed", "SQLite: database or disk is full"));
  await c.speak(600);
  await c.clock.advance(3_000);
  commit.mockRestore();
  expect(c.connection.messages("error")).toEqual([
    { type: "error", code: "store_failed", message: "The answer failed.", retryable: false },
  ]);
  expect(warned).toEqual([{ session: c.session.id, code: "store_failed" }]);
  expect([c.session.state, c.connection.closed]).toEqual(["active", false]);
  await c.speak(600);
  await c.clock.advance(3_000);
  expect(await c.log()).toEqual(["user: One.", "assistant: First.", "user: Three.", "assistant: Second."]);
});
