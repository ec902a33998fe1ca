import { seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { initialTurnState } from "../turns/state.ts";
import { TurnSpeakers } from "./turn-speakers.ts";

const { signal } = new AbortController();

/** A line on which one segment after the other is spoken. */
function line(settle: () => Promise<void> | undefined = () => undefined) {
  const clock = new VirtualClock();
  const speakers = new TurnSpeakers({ clock, settle });
  let count = 0;
  return {
    clock,
    speakers,
    /** Speech of so many ms from `from` on, with words or without. Gives its segment. */
    speech(from: number, ms: number, text = "words"): number {
      const segment = ++count;
      speakers.begin(segment, from);
      speakers.end(segment, from + ms);
      speakers.follow({ type: "transcript", segment, text }, initialTurnState);
      return segment;
    },
    judged(speaker: string, timestamp: number, durationMs?: number, renames?: string): void {
      speakers.heard({ speaker, confidence: 1, timestamp, durationMs, renames });
    },
    who: () => speakers.of(speakers.said, signal),
  };
}

describe("who said a turn", () => {
  it("is who spoke most in it, by the part of each judgement that lies in its speech", async () => {
    const { speech, judged, who } = line();
    judged("a", 0, 1_500);
    judged("b", 1_500, 500);
    judged("a", 2_000, 1_500);
    speech(1_000, 1_500);
    expect(await who()).toBe("a");
    judged("b", 2_100, 100);
    judged("b", 2_200, 500);
    expect(await who()).toBe("a");
  });

  it("is who spoke first when two spoke as long, and the one with more when they change in the middle", async () => {
    const { speech, judged, who } = line();
    speech(1_000, 2_000);
    judged("b", 2_000, 1_000);
    judged("a", 1_000, 1_000);
    expect(await who()).toBe("a");
    judged("b", 2_900, 150);
    expect(await who()).toBe("b");
  });

  it("is nobody where nothing is known of its speech", async () => {
    const { speech, judged, who, speakers } = line();
    judged("a", 0, 900);
    speech(1_000, 500);
    judged("a", 1_600, 900);
    expect(await who()).toBeUndefined();
    expect(await speakers.of([], signal)).toBeUndefined();
  });

  it("is what a diarizer told last that tells of changes only", async () => {
    const { speech, judged, who, speakers } = line();
    judged("a", 200);
    speech(1_000, 500);
    expect(await who()).toBe("a");
    speakers.taken(speakers.said);
    judged("b", 1_800);
    speech(1_700, 1_000);
    expect(await who()).toBe("b");
  });

  it("is judged with all stretches of its speech that had words, and with no other", async () => {
    const { speech, judged, who, speakers } = line();
    judged("a", 1_000, 500);
    judged("b", 2_000, 2_000);
    judged("a", 5_000, 600);
    speech(1_000, 500);
    speech(2_000, 2_000, "");
    const third = speech(5_000, 600);
    expect(await who()).toBe("a");
    const fourth = speech(2_000, 2_000);
    expect(await who()).toBe("b");
    speakers.drop(fourth);
    expect(await who()).toBe("a");
    speakers.drop(third);
    speakers.taken(speakers.said);
    expect(await who()).toBeUndefined();
  });

  it("counts words that a recogniser took back, when they count", async () => {
    const { judged, who, speakers } = line();
    judged("a", 1_000, 500);
    speakers.begin(1, 1_000);
    speakers.end(1, 1_500);
    speakers.follow(
      { type: "transcript", segment: 1, text: "" },
      { ...initialTurnState, claim: { segment: 1, text: "hm" } },
    );
    expect(await who()).toBe("a");
  });

  it("is not judged by a turn that a hook blocked, but by one that is judged anew", async () => {
    const { speech, judged, who, speakers } = line();
    judged("a", 1_000, 900);
    speech(1_000, 900);
    speakers.follow({ type: "turn-blocked", revision: 1 }, { ...initialTurnState, revision: 2 });
    expect(await who()).toBe("a");
    speakers.follow({ type: "turn-blocked", revision: 2 }, { ...initialTurnState, revision: 2 });
    expect(await who()).toBeUndefined();
  });

  it("is found under the label that its voice has now", async () => {
    const { speech, judged, who } = line();
    judged("speaker-1", 1_000, 1_000);
    judged("speaker-2", 2_000, 1_500);
    judged("Anna", 9_000, 1_000, "speaker-1");
    judged("Anna", 3_500, 600);
    speech(1_000, 3_100);
    expect(await who()).toBe("Anna");
  });
});

describe("a judgement that is late", () => {
  it("is waited for, and comes in time", async () => {
    let done = (): void => {};
    const { speech, judged, who } = line(() => new Promise<void>((resolve) => (done = resolve)));
    speech(1_000, 500);
    const asked = who();
    judged("a", 1_000, 500);
    done();
    expect(await asked).toBe("a");
  });

  it("is not waited for any longer than half a second, nor when the call is over", async () => {
    const { clock, speech, judged, who, speakers } = line(() => new Promise(() => {}));
    judged("b", 1_000, 100);
    speech(1_000, 500);
    const asked = who();
    await clock.advance(499);
    judged("a", 1_100, 50);
    await clock.advance(1);
    judged("a", 1_150, 350);
    expect(await asked).toBe("b");
    expect(await Promise.all([who(), clock.advance(500)]).then(([label]) => label)).toBe("a");
    const over = AbortSignal.abort();
    expect(await speakers.of(speakers.said, over)).toBe("a");
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("what is remembered", () => {
  it("is bounded, the oldest goes first", async () => {
    const { speech, judged, who, speakers } = line();
    for (let i = 0; i < 300; i++) judged(i < 44 ? "old" : "new", 1_000 * i, 1_000);
    for (let segment = 1; segment <= 65; segment++) speech(0, 45_000 + segment);
    expect(speakers.said).toHaveLength(64);
    expect(speakers.said[0]?.to).toBe(45_002);
    speakers.taken(speakers.said.slice(1));
    expect(await who()).toBe("new");
  });

  it("is nothing of a segment that it never heard the beginning of", () => {
    const { speakers } = line();
    speakers.end(7, 100);
    speakers.follow({ type: "transcript", segment: 7, text: "words" }, initialTurnState);
    expect(speakers.said).toEqual([]);
  });
});

/**
 * Two to four people take turns, in stretches that the diarizer cuts as it likes; it tells of them in any order, before or after the
 * words, and learns names meanwhile. Once it has told of everything, each turn is said by who spoke most in it.
 */
it.each(Array.from({ length: 200 }, (_, seed) => seed))("any order, seed %d", async (seed) => {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const people = 2 + pick(3);
  const { judged, who, speakers } = line();
  /** What each voice is called by now. */
  const names = Array.from({ length: people }, (_, i) => `speaker-${i + 1}`);
  let at = 0;
  for (let turn = 0, segment = 0; turn < 5; turn++) {
    const steps: (() => void)[] = [];
    const spokenMs = new Map<number, number>();
    for (let part = 0; part <= pick(3); part++) {
      at += 500 + 10 * pick(100);
      const id = ++segment;
      const from = at;
      const cough = random() < 0.2;
      for (let n = 0; n <= pick(3); n++) {
        const person = pick(people);
        const ms = 300 + 10 * pick(200);
        const begin = at;
        steps.push(() => judged(names[person] as string, begin, ms));
        if (!cough) spokenMs.set(person, (spokenMs.get(person) ?? 0) + ms);
        at += ms;
      }
      const to = at;
      steps.push(() => {
        speakers.begin(id, from);
        speakers.end(id, to);
        if (cough && random() < 0.5) speakers.drop(id);
        else speakers.follow({ type: "transcript", segment: id, text: cough ? "" : "words" }, initialTurnState);
      });
    }
    steps.push(() => {
      const person = pick(people);
      const before = names[person] as string;
      names[person] = `Name ${turn} ${person}`;
      judged(names[person] as string, at, 0, before);
    });
    for (let i = steps.length - 1; i > 0; i--) {
      const j = pick(i + 1);
      [steps[i], steps[j]] = [steps[j] as () => void, steps[i] as () => void];
    }
    for (const step of steps) {
      step();
      const label = await who();
      // Never somebody else, never a name that is not used any more.
      if (label !== undefined) expect([...spokenMs.keys()].map((person) => names[person])).toContain(label);
    }
    const most = Math.max(0, ...spokenMs.values());
    const said = [...spokenMs].filter(([, ms]) => ms === most).map(([person]) => names[person]);
    const label = await who();
    if (spokenMs.size === 0) expect(label).toBeUndefined();
    else expect(said).toContain(label);
    speakers.taken(speakers.said);
  }
});
