import { eventText, type HookPayloads } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

type Call = Awaited<ReturnType<typeof call>>;
type Turn = HookPayloads["ON_TURN_COMPLETE"];

const answers = Array.from({ length: 20 }, (_, i) => `Answer ${i}.`);
const finals = (...texts: string[]) => texts.map((text) => ({ finals: [text] }));

/** Somebody speaks for so long, and the diarizer knows who it was before they have stopped. */
async function speaks(c: Call, speaker: string, ms = 800, renames?: string): Promise<void> {
  const from = c.stream.position;
  const judged = c.clock.setTimeout(() => {
    c.stream.speaker({ speaker, confidence: 0.9, timestamp: from, durationMs: ms, renames });
  }, ms);
  await c.speak(ms);
  judged();
  await c.clock.advance(5_000);
}

/** What the user said in the log, with whose it is. */
const said = async (c: Call): Promise<string[]> =>
  (await c.kit.timeline(c.room.id))
    .filter(({ source }) => source.role === "user")
    .map((event) => `${String(event.metadata?.speaker)}: ${eventText(event)}`);

const lastAsked = (c: Call): string[] => (c.model.requests.at(-1)?.messages ?? []).map(({ content }) => content);

describe("who said it", () => {
  it("goes with the words: to hooks, client, room and model", async () => {
    const c = await call({ stt: finals("hello", "hi there", "and me"), answers });
    const asked: unknown[] = [];
    const complete: unknown[] = [];
    const changes: unknown[] = [];
    c.kit.hook("ON_TRANSCRIPTION", ({ text, speaker }) => void asked.push([text, speaker]));
    c.kit.hook("ON_TURN_COMPLETE", ({ text, speaker }: Turn) => void complete.push([text, speaker]));
    c.kit.hook("ON_SPEAKER_CHANGE", ({ speaker, session }) => void changes.push([speaker, session.id]));
    await speaks(c, "Anna");
    await speaks(c, "Anna");
    expect(lastAsked(c)).toEqual(["hello", "Answer 0.", "hi there"]);
    await speaks(c, "speaker-1");
    expect(lastAsked(c)).toEqual([
      "(Anna says:) hello",
      "Answer 0.",
      "(Anna says:) hi there",
      "Answer 1.",
      "(speaker-1 says:) and me",
    ]);
    const all = ["hello", "hi there", "and me"].map((text, i) => [text, i < 2 ? "Anna" : "speaker-1"]);
    expect([asked, complete]).toEqual([all, all]);
    expect(await said(c)).toEqual(["Anna: hello", "Anna: hi there", "speaker-1: and me"]);
    const shown = c.connection.messages("transcript").filter(({ role }) => role === "user");
    expect(shown.map(({ final, speaker }) => [final, speaker])).toEqual(all.map(([, speaker]) => [true, speaker]));
    expect(changes).toEqual([
      ["Anna", c.session.id],
      ["speaker-1", c.session.id],
    ]);
  });

  it("is what a hook makes of it", async () => {
    const c = await call({ stt: finals("hello"), answers });
    c.kit.hook("ON_TRANSCRIPTION", () => ({ action: "modify", payload: { speaker: "n".repeat(300) } }));
    await speaks(c, "Anna");
    expect(await said(c)).toEqual([`${"n".repeat(300)}: hello`]);
    expect(c.connection.messages("transcript")[0]?.speaker).toHaveLength(256);
  });

  it.each([5, "", {}])("is nobody when a hook says %o", async (speaker) => {
    const c = await call({ stt: finals("hello"), answers });
    c.kit.hook("ON_TRANSCRIPTION", () => ({ action: "modify", payload: { speaker: speaker as string } }));
    await c.speak(800);
    await c.clock.advance(5_000);
    expect(await said(c)).toEqual(["undefined: hello"]);
    expect(c.connection.messages("transcript").at(0)).not.toHaveProperty("speaker");
  });

  it("is nobody's of typed words, and of words of which nothing is known", async () => {
    const c = await call({ stt: finals("hello", "again"), answers });
    await speaks(c, "Anna");
    c.connection.input({ type: "text", text: "typed" });
    await c.clock.advance(5_000);
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(await said(c)).toEqual(["Anna: hello", "undefined: typed", "undefined: again"]);
    expect(c.connection.messages("transcript").filter((message) => "speaker" in message)).toHaveLength(1);
  });

  it("is who spoke most in all that a turn is made of", async () => {
    const c = await call({
      stt: finals("well", "I think so"),
      answers,
      voice: {
        turnDetector: {
          name: "long",
          evaluate: async ({ transcript }) => ({ complete: transcript.length > 5, confidence: 1, waitMs: 4_000 }),
        },
      },
    });
    const incomplete: unknown[] = [];
    c.kit.hook("ON_TURN_INCOMPLETE", ({ speaker }) => void incomplete.push(speaker));
    for (const [speaker, ms] of [
      ["Anna", 500],
      ["Ben", 1_200],
    ] as const) {
      const timestamp = c.stream.position;
      c.clock.setTimeout(() => c.stream.speaker({ speaker, confidence: 1, timestamp, durationMs: ms }), ms);
      await c.speak(ms);
      await c.clock.advance(100);
    }
    await c.clock.advance(5_000);
    expect(await said(c)).toEqual(["Ben: well I think so"]);
    expect(incomplete).toEqual(["Anna"]);
  });

  it("has the name that a voice has got meanwhile", async () => {
    const c = await call({ stt: finals("hello", "me again"), answers });
    const changes: unknown[] = [];
    c.kit.hook("ON_SPEAKER_CHANGE", ({ speaker, renames }) => void changes.push([speaker, renames]));
    await speaks(c, "speaker-1");
    await speaks(c, "Anna", 800, "speaker-1");
    expect(await said(c)).toEqual(["speaker-1: hello", "Anna: me again"]);
    expect(changes).toEqual([
      ["speaker-1", undefined],
      ["Anna", "speaker-1"],
    ]);
  });
});

describe("a diarizer that is late", () => {
  it("is waited for, half a second at most", async () => {
    const c = await call({ stt: finals("hello", "again"), answers });
    let from = 0;
    const late = (ms: number) => () =>
      new Promise<void>((resolve) => {
        c.clock.setTimeout(() => {
          c.stream.speaker({ speaker: "Anna", confidence: 1, timestamp: from, durationMs: 800 });
          resolve();
        }, ms);
      });
    c.stream.settling = late(400);
    await c.speak(800);
    await c.clock.advance(300);
    expect(await said(c)).toEqual([]);
    await c.clock.advance(5_000);
    c.stream.settling = late(5_000);
    from = c.stream.position;
    await c.speak(800);
    await c.clock.advance(400);
    expect(await said(c)).toHaveLength(1);
    await c.clock.advance(200);
    expect(await said(c)).toEqual(["Anna: hello", "undefined: again"]);
    await c.clock.advance(20_000);
    expect(await said(c)).toEqual(["Anna: hello", "undefined: again"]);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("does not keep a call from ending", async () => {
    const c = await call({ stt: finals("hello"), answers });
    c.stream.settling = () => new Promise(() => {});
    await c.speak(800);
    await c.kit.leave(c.session);
    await c.clock.advance(1_000);
    expect([c.clock.pendingTimers, c.stream.listeners]).toEqual([0, 0]);
  });
});

/**
 * Calls with two or three people on the line. Each turn is of one to three stretches of speech; the diarizer cuts them anywhere, tells
 * late and in any order; the recogniser takes its time, too; voices get names. As long as the diarizer is not later than it may be, each turn is
 * said by who spoke most in it; however late it is, by somebody who spoke in it, or by nobody.
 */
describe.each([
  ["in time", 400],
  ["far too late", 3_000],
] as const)("calls of several people, judged %s", (_, latestMs) => {
  it.each(Array.from({ length: 25 }, (__, i) => 1 + i))("seed %d", async (seed) => {
    const random = seededRandom(seed);
    const pick = (n: number): number => Math.floor(random() * n);
    const turns = 6;
    const c = await call({
      stt: Array.from({ length: turns }, (__, i) => ({ finals: [`turn${i}`], delayMs: pick(800) })),
      answers,
      msPerWord: pick(100),
    });
    const names = ["speaker-1", "speaker-2", "speaker-3"].slice(0, 2 + pick(2));
    /** Everything each voice has been called, newest last. */
    const called = names.map((name) => [name]);
    let untold = 0;
    let told: (() => void)[] = [];
    c.stream.settling = () => (untold === 0 ? undefined : new Promise((resolve) => void told.push(resolve)));
    const most: number[] = [];
    const within: Set<number>[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const ms = new Map<number, number>();
      await c.microphone(60);
      c.stream.speechStart(60);
      let from = c.stream.position - 60;
      for (let part = 0; part <= pick(3); part++) {
        const person = pick(names.length);
        const lasts = 300 + 20 * pick(60);
        await c.microphone(lasts);
        const to = c.stream.position;
        const [timestamp, durationMs] = [from, to - from];
        ms.set(person, (ms.get(person) ?? 0) + durationMs);
        untold++;
        c.clock.setTimeout(() => {
          const before = called[person]?.at(-1) as string;
          const renamed = random() < 0.15;
          if (renamed) called[person]?.push(`Name ${turn} ${person}`);
          const speaker = called[person]?.at(-1) as string;
          const renames = renamed ? before : undefined;
          c.stream.speaker({ speaker, confidence: 1, timestamp, durationMs, renames });
          if (--untold > 0) return;
          for (const resolve of told) resolve();
          told = [];
        }, pick(latestMs));
        from = to;
      }
      within.push(new Set(ms.keys()));
      const longest = Math.max(...ms.values());
      most.push([...ms].find(([, lasted]) => lasted === longest)?.[0] as number);
      await c.microphone(500);
      c.stream.speechEnd(500);
      // Sometimes the next one begins before this one is answered.
      await c.microphone(20 * pick(120));
    }
    await c.clock.advance(60_000);
    const log = await said(c);
    const of = (line: string): number[] => [...line.matchAll(/turn(\d)/g)].map(([, digit]) => Number(digit));
    expect(log.flatMap(of)).toEqual(Array.from({ length: turns }, (__, i) => i));
    for (const line of log) {
      const label = line.slice(0, line.lastIndexOf(":"));
      const people = of(line).flatMap((turn) => [...(within[turn] as Set<number>)]);
      if (label === "undefined") expect(latestMs).toBeGreaterThan(500);
      else expect(people.flatMap((person) => called[person] as string[])).toContain(label);
      const [only, another] = of(line);
      if (latestMs < 500 && another === undefined) expect(called[most[only as number] as number]).toContain(label);
    }
    await c.kit.leave(c.session);
    await c.clock.advance(20_000);
    expect([c.clock.pendingTimers, c.stream.listeners, c.stt.open, c.model.open]).toEqual([0, 0, 0, 0]);
  });
});
