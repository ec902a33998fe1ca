import { seededRandom, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type Person, rig } from "./rig.fixture.ts";

const STREAMS = 80;
/** From a mouth to an ear, ms. */
const LATE_MS = 140;

/**
 * Calls in which people come, listen, whisper, take over, give back, are muted and leave at any time, while caller and assistant speak. Whatever
 * the order: see the expectations.
 */
async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const words = Array.from({ length: STREAMS }, (_, i) => `word${i}`);
  const c = await rig({
    stt: words.map((word) => ({ finals: [word], delayMs: pick(600) })),
    operatorStt: Array.from({ length: STREAMS }, (_, i) => ({ finals: [`spoken${i}`], delayMs: pick(600) })),
    answers: Array.from({ length: 200 }, (_, i) => `Answer ${i} is as long as this. And a little longer.`),
    msPerWord: pick(150),
    playback: seed % 2 === 0 ? "reported" : "estimated",
    voice: {
      ...(random() < 0.5 && { greeting: "Welcome to this call." }),
      idle: { afterMs: 3_000, say: "Still there?" },
    },
    operator: { maxOperators: 3 },
  });
  const { caller, operators } = c;
  const people: Person[] = [];
  const muted = new Set<Person["connection"]>();
  let spoken = 0;
  let whispered = 0;
  let come = 0;
  const present = (): Person[] => people.filter(({ session }) => session.state === "active");
  const anybody = (): Person | undefined => present()[pick(present().length)];
  const talking = (): Person[] => present().filter(({ session }) => operators.mode(session.id) === "talk");
  const voice = tone(16_000, 1_000, 500, 2_000);
  /** Time passes, everybody's microphone is on. While a person has the call, the assistant makes no sound and asks no model. */
  const pass = async (ms: number): Promise<void> => {
    const taken = talking().length > 0;
    const before = c.model.requests.length;
    const audible = talking().filter(({ connection }) => !muted.has(connection));
    const heard = caller.speaker.length;
    await c.speak(ms, [[caller, undefined], ...present().map((who) => [who, voice] as const)]);
    if (!taken || talking().length === 0) return;
    expect(c.model.requests.length).toBe(before);
    expect(caller.connection.messages("state").at(-1)?.state).not.toBe("speaking");
    // Whoever speaks is heard, whatever went before.
    if (audible.length > 0)
      expect(caller.speaker.length - heard).toBeGreaterThanOrEqual(
        (ms - LATE_MS) * (caller.speaker.format.sampleRate / 1_000),
      );
  };
  const speak = async (): Promise<void> => {
    await pass(60);
    spoken++;
    c.stream.speechStart(60);
    await pass(300 + 20 * pick(20));
    if (random() < 0.5) await act();
    await pass(520);
    c.stream.speechEnd(500);
  };
  const talk = async (): Promise<void> => {
    const who = anybody();
    if (!who) return;
    operators.setMode(who.session.id, "talk");
    if (random() < 0.6) return;
    // They are heard saying something.
    await pass(60);
    const stream = c.operatorStream();
    if (stream.closed) return;
    stream.speechStart(40);
    await pass(400);
    stream.speechEnd(200);
  };
  const giveBack = (): void => {
    const who = anybody();
    if (who) operators.setMode(who.session.id, "listen");
  };
  const enter = async (): Promise<void> => {
    people.push(await c.operator(`operator${come++}`, { outbound: { sampleRate: 16_000, channels: 1 } }));
  };
  const drop = async (): Promise<void> => anybody()?.connection.close({ code: "client_lost", message: "" });
  const whisper = (): void => {
    const who = anybody();
    if (!who) return;
    whispered++;
    const respond = random() < 0.4 && talking().length === 0;
    operators
      .whisper(who.session.id, `whisper${whispered}`, { respond })
      .catch((error) => expect(error.code).toBe("taken_over"));
  };
  const mute = (): void => {
    const connection = anybody()?.connection;
    if (!connection) return;
    const off = random() < 0.5;
    connection.input({ type: "mute", muted: off });
    if (off) muted.add(connection);
    else muted.delete(connection);
  };
  const muteCaller = (): void => {
    caller.connection.input({ type: "mute", muted: true });
    caller.connection.input({ type: "mute", muted: false });
  };
  const stop = (): void => caller.connection.input({ type: "interrupt" });
  const quick = [talk, talk, giveBack, enter, drop, whisper, mute, stop, muteCaller];
  const act = async (): Promise<void> => {
    await (quick[pick(quick.length)] as () => unknown)();
  };
  await enter();
  for (let i = 0; i < 16; i++) {
    await (random() < 0.4 ? speak() : act());
    await pass(20 * pick(40));
  }
  for (const { session } of talking()) operators.setMode(session.id, "listen");
  await c.clock.advance(10_000);

  const log = await c.log();
  const said = (pattern: RegExp): string[] => log.flatMap((line) => [...line.matchAll(pattern)].map(([word]) => word));
  // Nothing of the caller's is lost, doubled or out of order, whoever heard it.
  expect(said(/\bword\d+/g)).toEqual(words.slice(0, spoken));
  expect(said(/whisper\d+/g)).toEqual(Array.from({ length: whispered }, (_, i) => `whisper${i + 1}`));
  // What was taken over was given back, in turns.
  expect(c.events.map((event) => event.split(":")[0])).toEqual(
    c.events.map((_, i) => (i % 2 === 0 ? "call_taken_over" : "call_given_back")),
  );
  expect(c.events.length % 2).toBe(0);
  // The caller never saw or heard a whisper.
  expect(JSON.stringify(caller.connection.sent)).not.toContain("whisper");
  expect(c.tts.spoken.join(" ")).not.toContain("whisper");
  // And the assistant answers again.
  const asked = c.model.requests.length;
  await c.callerSays();
  await c.clock.advance(5_000);
  expect(c.model.requests.length).toBeGreaterThan(asked);
  await caller.connection.close();
  await c.clock.advance(30_000);
  expect(present()).toEqual([]);
  const { timers, streams, pipelines, sessions } = c.left();
  expect([timers, streams, sessions]).toEqual([0, [0, 0, 0, 0], [0, 0]]);
  expect(pipelines).toEqual(pipelines.map(() => [true, 0]));
}

describe("people in calls, in any order", () => {
  it.each(Array.from({ length: 12 }, (_, i) => 1 + i))("seed %d", live);
});
