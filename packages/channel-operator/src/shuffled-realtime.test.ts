import { seededRandom, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type Person, rig } from "./rig.fixture.ts";

/**
 * Speech-to-speech calls in which a vendor says what it likes at any time, and people come, take over, give back and leave. Whatever the order: see
 * the expectations.
 */
async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const c = await rig({
    realtime: true,
    manual: seed % 3 === 0,
    operatorStt: Array.from({ length: 80 }, (_, i) => ({ finals: [`spoken${i}`], delayMs: pick(400) })),
    playback: seed % 2 === 0 ? "reported" : "estimated",
  });
  const { caller, vendor, operators } = c;
  const people: Person[] = [];
  const present = (): Person[] => people.filter(({ session }) => session.state === "active");
  const anybody = (): Person | undefined => present()[pick(present().length)];
  const taken = (): boolean => present().some(({ session }) => operators.mode(session.id) === "talk");
  const hum = tone(16_000, 1_000, 500, 2_000);
  let [come, responses, users, whispers] = [0, 0, 0, 0];
  let open: string | undefined;
  /** Audio of the model that was played, by its utterances: those that the client is told of. */
  const modelMs = (): number =>
    caller.connection
      .messages("utterance")
      .filter(({ phase }) => phase === "start")
      .reduce((sum, { id }) => sum + (caller.connection.played.get(id) ?? 0), 0);
  const pass = async (ms: number): Promise<void> => {
    const [before, sent, was] = [modelMs(), vendor.heard.length, taken()];
    await c.speak(ms, [[caller, hum], ...present().map((who) => [who, hum] as const)]);
    if (!was || !taken()) return;
    expect(modelMs()).toBe(before);
    expect(vendor.heard.slice(sent).every(({ samples }) => samples.every((sample) => sample === 0))).toBe(true);
  };
  const begin = (): void => {
    if (open !== undefined) return;
    open = `r${++responses}`;
    vendor.say({ type: "response-start", responseId: open });
  };
  const audio = (): void => {
    if (open === undefined) return;
    const frame = { samples: new Int16Array(4_800).fill(900), sampleRate: 24_000, channels: 1, timestamp: 0 } as const;
    vendor.say({ type: "audio", responseId: open, itemId: `item_${open}`, frame });
  };
  const end = (): void => {
    if (open === undefined) return;
    const said = {
      type: "transcript",
      id: `t_${open}`,
      role: "assistant",
      text: `answer ${open}`,
      final: true,
    } as const;
    vendor.say({ ...said, itemId: `item_${open}`, responseId: open });
    vendor.say({ type: "response-end", responseId: open, status: random() < 0.7 ? "completed" : "cancelled" });
    open = undefined;
  };
  const hears = (): void => {
    vendor.say({ type: "speech-start" });
    vendor.say({ type: "speech-end" });
    vendor.say({ type: "transcript", id: `u${users}`, role: "user", text: `user${users++}`, final: true });
  };
  const enter = async (): Promise<void> => void people.push(await c.operator(`operator${come++}`));
  const mode = (to: "talk" | "listen") => (): void => {
    const who = anybody();
    if (who) operators.setMode(who.session.id, to);
  };
  const drop = async (): Promise<void> => anybody()?.connection.close({ code: "client_lost", message: "" });
  const type = (): void => caller.connection.input({ type: "text", text: `user${users++}` });
  const whisper = async (): Promise<void> => {
    const who = anybody();
    if (who) await operators.whisper(who.session.id, `whisper${++whispers}`, { respond: !taken() && random() < 0.5 });
  };
  const vad = (): void => {
    c.stream.speechStart(0);
    c.stream.speechEnd(0);
  };
  const actions = [
    begin,
    begin,
    audio,
    audio,
    end,
    hears,
    enter,
    mode("talk"),
    mode("listen"),
    drop,
    type,
    whisper,
    vad,
  ];
  await enter();
  for (let i = 0; i < 40; i++) {
    await (actions[pick(actions.length)] as () => unknown)();
    await pass(20 * pick(20));
  }
  for (const { session } of present()) operators.setMode(session.id, "listen");
  end();
  await c.clock.advance(30_000);
  const log = (await c.log()).join("\n");
  expect([...log.matchAll(/user\d+/g)].map(([word]) => word)).toEqual(
    Array.from({ length: users }, (_, i) => `user${i}`),
  );
  expect([...log.matchAll(/whisper\d+/g)].length).toBe(whispers);
  expect(JSON.stringify(caller.connection.sent)).not.toContain("whisper");
  expect(c.events.length % 2).toBe(0);
  // The model is heard again.
  const before = modelMs();
  begin();
  audio();
  end();
  await c.clock.advance(10_000);
  expect(modelMs()).toBeGreaterThan(before);
  await caller.connection.close();
  await c.clock.advance(30_000);
  const { timers, streams, pipelines, sessions } = c.left();
  expect([timers, streams, sessions, vendor.listeners]).toEqual([0, [0, 0, 0, 0], [0, 0], 0]);
  expect(pipelines).toEqual(pipelines.map(() => [true, 0]));
}

describe("people in speech-to-speech calls, in any order", () => {
  it.each(Array.from({ length: 20 }, (_, i) => 1 + i))("seed %d", live);
});
