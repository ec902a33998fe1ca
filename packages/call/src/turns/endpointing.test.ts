import type { TurnContext, TurnDecision, TurnDetector, VoiceSession } from "@roomkit/core";
import { silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { expect, it } from "vitest";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import { Endpointing } from "./endpointing.ts";

const session = { id: "s" } as VoiceSession;

/** The pauses of one caller, judged by `answer`. */
function endpointing(
  answer?: (context: TurnContext) => TurnDecision | Promise<TurnDecision>,
  limits: Partial<Pick<CallSettings, "minEndpointMs" | "maxEndpointMs" | "maxTurnMs">> = {},
) {
  const clock = new VirtualClock();
  const asked: TurnContext[] = [];
  const detector: TurnDetector = {
    name: "detector",
    async evaluate(context) {
      asked.push(context);
      return (answer as NonNullable<typeof answer>)(context);
    },
  };
  const settings = {
    minEndpointMs: 0,
    maxEndpointMs: 3_000,
    maxTurnMs: 120_000,
    ...limits,
    ...(answer && { turnDetector: detector }),
  };
  const room = { clock, logger: silentLogger, history: async () => [] };
  const abort = new AbortController();
  const pauses = new Endpointing({
    room: room as unknown as CallRoom,
    settings: settings as CallSettings,
    ...{ session, signal: abort.signal },
  });
  /** Judges a pause that has lasted `silenceMs` when it is asked. */
  const judge = async (silenceMs: number) => {
    const endedAt = clock.now() - silenceMs;
    const judged = pauses.judge("words", endedAt);
    await clock.advance(10_000);
    return judged;
  };
  return { clock, asked, pauses, judge };
}

/** The whole wait of a pause that was judged after 200 ms of silence. */
it.each([
  ["no detector", undefined, {}, 0],
  ["no detector, and a least silence", undefined, { minEndpointMs: 450 }, 250],
  ["complete", { complete: true, confidence: 1 }, {}, 0],
  ["complete, and a least silence", { complete: true, confidence: 1 }, { minEndpointMs: 450 }, 250],
  ["unfinished", { complete: false, confidence: 0.5, waitMs: 700 }, {}, 700],
  ["unfinished, no time named", { complete: false, confidence: 0.5 }, {}, 2_800],
  ["unfinished, for ever", { complete: false, confidence: 0, waitMs: Number.POSITIVE_INFINITY }, {}, 2_800],
  ["unfinished, nonsense", { complete: false, confidence: 0, waitMs: Number.NaN }, {}, 0],
  ["unfinished, into the past", { complete: false, confidence: 0, waitMs: -5 }, { minEndpointMs: 300 }, 100],
  ["longer than may be", { complete: false, confidence: 0, waitMs: 5_000 }, { maxEndpointMs: 900 }, 700],
] as const)("%s", async (_what, answer, limits, waitMs) => {
  const { judge } = endpointing(answer && (() => answer), limits);
  expect((await judge(200)).waitMs).toBe(waitMs);
});

it.each([
  ["throws", () => Promise.reject(new Error("no model"))],
  ["says nothing", () => undefined as unknown as TurnDecision],
  ["says something else", () => ({ complete: "yes" }) as unknown as TurnDecision],
])("a detector that %s costs its advice, and the turn ends after 500 ms of silence", async (_what, answer) => {
  const { judge } = endpointing(answer);
  expect(await judge(200)).toEqual({ complete: true, waitMs: 300 });
});

it("a detector that is slow is not waited for, and what it says later does nothing", async () => {
  let late = (_: TurnDecision): void => {};
  const { clock, pauses } = endpointing(
    () =>
      new Promise((resolve) => {
        late = resolve;
      }),
  );
  const judged = pauses.judge("words", clock.now() - 200);
  await clock.advance(500);
  expect(await judged).toEqual({ complete: true, waitMs: 0 });
  late({ complete: false, confidence: 1, waitMs: 3_000 });
  expect(clock.pendingTimers).toBe(0);
});

it("a detector is told how long this caller pauses inside of turns, and of nothing that is a reply", async () => {
  const { pauses, asked, judge } = endpointing(() => ({ complete: true, confidence: 1 }));
  pauses.began(0);
  pauses.ended(1_000);
  pauses.began(1_400);
  pauses.ended(2_000);
  pauses.answered();
  pauses.began(2_500);
  pauses.ended(4_000);
  pauses.began(9_000);
  pauses.ended(9_500);
  await judge(200);
  expect(asked[0]).toMatchObject({ pauses: [400], silenceMs: 200, minEndpointMs: 0, maxEndpointMs: 3_000 });
});

it("a turn that has lasted too long is answered at its next pause, and the next one is a new one", async () => {
  const { clock, pauses, asked, judge } = endpointing(() => ({ complete: false, confidence: 0.1 }), {
    maxTurnMs: 20_000,
  });
  pauses.began(0);
  await clock.advance(4_000);
  pauses.ended(4_000);
  expect((await judge(200)).waitMs).toBe(2_800);
  pauses.began(5_000);
  await clock.advance(7_000);
  pauses.ended(12_000);
  expect(await judge(200)).toEqual({ complete: true, waitMs: 0, reason: undefined });
  expect(asked).toHaveLength(1);
  pauses.answered();
  pauses.began(60_000);
  pauses.ended(61_000);
  expect((await judge(200)).waitMs).toBe(2_800);
});

it("remembers the newest 32 pauses, and hears the last 8 s", async () => {
  const { pauses, asked, judge } = endpointing(() => ({ complete: true, confidence: 1 }));
  for (let i = 0; i < 100; i++) {
    pauses.began(i * 1_000);
    pauses.ended(i * 1_000 + 500 + i);
  }
  const samples = new Int16Array(320);
  for (let i = 0; i < 1_000; i++) pauses.hear({ samples, sampleRate: 16_000, channels: 1, timestamp: i * 20 });
  await judge(200);
  expect(asked[0]?.pauses).toHaveLength(32);
  expect(asked[0]?.audio).toHaveLength(400);
  pauses.taken();
  await judge(200);
  expect(asked[1]?.audio).toHaveLength(0);
});
