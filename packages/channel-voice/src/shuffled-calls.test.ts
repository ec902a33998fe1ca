import { type SttScript, seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

const STREAMS = 60;
/** Answers are made while more is waited for. */
const ahead = { preemptive: { mode: "text" }, minEndpointMs: 1_000 } as const;

/**
 * Whole calls in which everything happens at any time: speech and noise, results that cross, text, stop, mute, what the application
 * says, models and voices of any speed. Whatever the order: see the expectations.
 */
async function live(seed: number, strategy: "confirmed" | "immediate" | "disabled"): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const words = Array.from({ length: STREAMS }, (_, i) => (random() < 0.3 ? "" : `word${i}`));
  const stt: SttScript[] = words.map((word) => ({
    ...(word !== "" && random() < 0.5 ? { partials: [word] } : {}),
    finals: word === "" ? [] : [word],
    delayMs: pick(2_000),
  }));
  const c = await call({
    stt,
    answers: Array.from({ length: 100 }, (_, i) => `Answer ${i} is as long as this. And a little longer.`),
    msPerWord: pick(150),
    tts: { delayMs: pick(800) },
    voice: {
      interruption: { strategy },
      ...(seed % 2 === 0 && ahead),
      ...(random() < 0.5 ? { greeting: "Welcome to this call." } : {}),
    },
  });
  const { connection, stream } = c;
  let open = false;
  let spoken = 0;
  let typed = 0;
  let said = 0;
  let settled = 0;
  let stopped = false;
  const starts = (): number => connection.messages("utterance").filter(({ phase }) => phase === "start").length;
  /** Time passes; while the caller speaks, nothing of the assistant begins. */
  const pass = async (ms: number): Promise<void> => {
    const before = starts();
    const speaking = open;
    await c.microphone(ms);
    if (speaking) expect(starts()).toBe(before);
  };
  const speak = async (): Promise<void> => {
    await pass(60);
    open = true;
    stream.speechStart(60);
    spoken++;
    await pass(400 + 20 * pick(50));
    const during = pick(8);
    if (during === 0) type();
    if (during === 1) say();
    if (during === 2) stop();
    if (during === 3) connection.input({ type: "mute", muted: true });
    await pass(100);
    stream.hears(false);
    await pass(500);
    open = false;
    stream.speechEnd(500);
    if (during === 3) connection.input({ type: "mute", muted: false });
  };
  const type = (): void => {
    stopped = false;
    connection.input({ type: "text", text: `typed${typed++}` });
  };
  const say = (): void => {
    const done = (): void => {
      settled++;
    };
    said++;
    c.voice.say(c.session.id, `Note ${said}.`).then(done, done);
  };
  const stop = (): void => {
    stopped = true;
    connection.input({ type: "interrupt" });
  };
  const knock = async (): Promise<void> => {
    // Over silence it is recognised like anything else, and says nothing.
    words[spoken] = "";
    (stt[spoken] as { finals: string[] }).finals.length = 0;
    (stt[spoken] as { partials?: string[] }).partials?.splice(0);
    await pass(60);
    open = true;
    stream.speechStart(60);
    spoken++;
    stream.hears(false);
    await pass(500);
    open = false;
    stream.speechEnd(500);
  };
  const actions = [speak, speak, speak, knock, type, say, stop, () => pass(20 * pick(150))];
  for (let i = 0; i < 14; i++) {
    await (actions[pick(actions.length)] as () => unknown)();
    await pass(20 * pick(30));
  }
  await c.clock.advance(60_000);

  expect(connection.messages("state").at(-1)?.state).toBe("listening");
  const user = (await c.log()).flatMap((line) => (line.startsWith("user: ") ? line.slice(6).split(" ") : []));
  // Nothing lost, nothing doubled, nothing out of order.
  expect(user.filter((word) => word.startsWith("word"))).toEqual(words.slice(0, spoken).filter((word) => word !== ""));
  expect(user.filter((word) => word.startsWith("typed"))).toEqual(Array.from({ length: typed }, (_, i) => `typed${i}`));
  // Everything the caller said has been put to the model, unless they told it to be quiet.
  const newest = user.at(-1);
  if (newest !== undefined && !stopped) expect(JSON.stringify(c.model.requests.at(-1)?.messages)).toContain(newest);
  expect(settled).toBe(said);
  await c.kit.leave(c.session);
  await c.clock.advance(20_000);
  expect([c.clock.pendingTimers, c.stt.open, c.tts.open, c.model.open, connection.listeners, stream.listeners]).toEqual(
    [0, 0, 0, 0, 0, 0],
  );
}

describe.each(["confirmed", "immediate", "disabled"] as const)("calls in any order (%s)", (strategy) => {
  it.each(Array.from({ length: 12 }, (_, i) => 1 + i))("seed %d", async (seed) => {
    await live(seed, strategy);
  });
});
