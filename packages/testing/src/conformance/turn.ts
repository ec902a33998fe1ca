import { getEventListeners } from "node:events";
import { assertOptions, type TurnContext, type TurnDecision, type TurnDetector } from "@roomkit/core";
import { inFrames, inSequence, quiet, speechLike, whiteNoise } from "../signals.ts";
import { type ConformanceCase, check, checkRejects, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { checkEqual } from "./equal.ts";

export interface TurnDetectorConformanceOptions {
  /** Makes the detector of one case; the case closes it. */
  readonly create: () => TurnDetector | Promise<TurnDetector>;
  /** Moments that are judged one by one and at once, two or more, of which it judges some otherwise than others. Default: some in English, with a voice. */
  readonly moments?: readonly TurnContext[] | undefined;
  /** Processes and the like that are open, for the checks that nothing leaks. */
  readonly open?: (() => number) | undefined;
  /** How long any single wait may take before it counts as hanging, in ms of real time. Default 20,000. */
  readonly patienceMs?: number | undefined;
}

const format = { sampleRate: 16_000, channels: 1 } as const;
/** A word that no detector has for a reason. */
const SECRET = "xylophone";

const moment = (transcript: string, more: Partial<TurnContext> = {}): TurnContext => ({
  transcript,
  history: [{ role: "assistant", text: "What can I do for you?" }],
  silenceMs: 200,
  pauses: [],
  minEndpointMs: 200,
  maxEndpointMs: 3_000,
  audio: inFrames(inSequence(speechLike(16_000, 1_500, 3_000, transcript.length + 1), quiet(16_000, 200)), format),
  language: "en",
  ...more,
});

const usual = (): TurnContext[] => [
  moment("What is the capital of France?"),
  moment(`I would like to know the ${SECRET} of`),
  moment("My number is five five five", { history: [{ role: "assistant", text: "What is your phone number?" }] }),
  moment("", { pauses: [400, 900, 700] }),
];

const noise = whiteNoise(8_000, 500, 12_000);
const broken = { samples: new Int16Array(320), sampleRate: Number.NaN, channels: 1 as const, timestamp: Number.NaN };

/** What a call may give, and what none should. */
const HOSTILE: Readonly<Record<string, () => TurnContext>> = {
  "no words and no audio": () => moment("", { audio: [], history: [] }),
  "words without audio": () => moment("Hello there", { audio: [] }),
  "audio without words": () => moment("   "),
  "a million characters": () => moment("and so on ".repeat(100_000)),
  "one word of a million letters": () => moment("a".repeat(1_000_000)),
  "a million signs": () => moment("-.".repeat(500_000)),
  "other scripts, emoji and halves of them": () =>
    moment("\u{1F600}\uD83D \u0000\u202E مرحبا 你好 \uFFFF e\u0301\u0301\u0301", { language: "ar" }),
  "a language that is none": () => moment("Good morning", { language: "-\u{1F600}--x-1234567890-".repeat(1_000) }),
  "no language": () => moment("Good morning", { language: undefined }),
  "numbers that are none": () =>
    moment("Yes", {
      silenceMs: Number.NaN,
      pauses: [Number.NaN, -5, Number.POSITIVE_INFINITY, 1e300],
      minEndpointMs: Number.NaN,
      maxEndpointMs: -1,
    }),
  "nothing known": () =>
    moment("I think that", { pauses: undefined, minEndpointMs: undefined, maxEndpointMs: undefined }),
  "a least above the most": () => moment("I think that", { minEndpointMs: 4_000, maxEndpointMs: 300 }),
  "a long history": () =>
    moment("Fine", {
      history: Array.from({ length: 5_000 }, () => ({ role: "user" as const, text: "word ".repeat(50) })),
    }),
  "frames of nothing": () =>
    moment("Yes", {
      audio: Array.from({ length: 1_000 }, () => ({ ...format, samples: new Int16Array(0), timestamp: 0 })),
    }),
  "8 kHz": () => moment("Yes", { audio: inFrames(noise, { sampleRate: 8_000, channels: 1 }) }),
  "48 kHz in stereo": () =>
    moment("Yes", {
      audio: inFrames(whiteNoise(48_000, 1_000, 900), { sampleRate: 48_000, channels: 2 }),
    }),
  "a rate like no other": () => moment("Yes", { audio: inFrames(noise, { sampleRate: 11_027, channels: 1 }) }),
  "rates that change": () =>
    moment("Yes", {
      audio: [...inFrames(noise, { sampleRate: 8_000, channels: 1 }), ...inFrames(noise, format)],
    }),
  "frames without a rate": () => moment("Yes", { audio: [broken, broken] }),
  "a minute of it": () => moment("Yes", { audio: inFrames(whiteNoise(16_000, 60_000, 3_000), format) }),
  "full scale": () =>
    moment("Yes", {
      audio: inFrames(
        quiet(16_000, 2_000).map((_, i) => (i % 160 < 80 ? 32_767 : -32_768)),
        format,
      ),
    }),
  silence: () => moment("Yes", { audio: inFrames(quiet(16_000, 2_000), format) }),
};

/** What every {@link TurnDetector} must do, as one case per requirement. */
export function turnDetectorConformance(options: TurnDetectorConformanceOptions): ConformanceCase[] {
  assertOptions("turnDetectorConformance", options, {
    required: ["create"],
    function: ["create", "open"],
    objects: ["moments"],
    number: ["patienceMs"],
  });
  const { create, patienceMs = 20_000, open } = options;
  const moments = (): readonly TurnContext[] => options.moments ?? usual();
  const cases: ConformanceCase[] = [];
  const ask = (
    detector: TurnDetector,
    context: TurnContext,
    signal = new AbortController().signal,
  ): Promise<TurnDecision> => within(detector.evaluate(context, { signal }), patienceMs, "a judgement");

  const add = (name: string, body: (detector: TurnDetector) => Promise<void>): void => {
    cases.push({
      name,
      async run() {
        const detector = await create();
        try {
          await body(detector);
        } finally {
          await detector.close?.();
        }
      },
    });
  };

  add("says what it is", async ({ name }) => {
    check(typeof name === "string" && name.trim() !== "", "it has no name");
  });

  add("decides within range, for a reason without words of the speaker", async (detector) => {
    for (const context of moments()) checkDecision(await ask(detector, context), context.transcript);
  });

  add("tells some moments from others", async (detector) => {
    const decisions = [];
    for (const context of moments()) decisions.push(JSON.stringify(await ask(detector, context)));
    check(new Set(decisions).size > 1, "it judges whatever it is given alike");
  });

  for (const [what, context] of Object.entries(HOSTILE))
    add(`decides, whatever it is given: ${what}`, async (detector) => {
      checkDecision(await ask(detector, context()), "");
    });

  add("decides the same again", async (detector) => {
    for (const context of moments())
      checkEqual(await ask(detector, context), await ask(detector, context), "the second judgement of a moment");
  });

  add("keeps concurrent judgements apart", async (detector) => {
    const all = moments();
    const alone: TurnDecision[] = [];
    for (const context of all) alone.push(await ask(detector, context));
    const twice = [...all, ...[...all].reverse()];
    const wanted = [...alone, ...[...alone].reverse()];
    const together = await Promise.all(twice.map((context) => ask(detector, context)));
    checkEqual(together, wanted, "what it decides of several at once");
  });

  add("leaves what it is given as it was", async (detector) => {
    for (const context of moments()) {
      const before = JSON.stringify(context);
      for (const part of [context, context.history, context.audio, context.pauses ?? [], ...context.audio])
        Object.freeze(part);
      await ask(detector, context);
      check(JSON.stringify(context) === before, "it wrote to its context");
    }
  });

  add("ends at once with `aborted` when it was aborted before", async (detector) => {
    const [context] = moments();
    await checkRejects(
      ask(detector, context as TurnContext, AbortSignal.abort()),
      "aborted",
      patienceMs,
      "an aborted judgement",
    );
  });

  add("ends when it is aborted meanwhile, and judges on afterwards", async (detector) => {
    const [context] = moments() as [TurnContext];
    const wanted = await ask(detector, context);
    const abort = new AbortController();
    const judging = ask(detector, context, abort.signal).then(
      (decision) => checkEqual(decision, wanted, "a decision that was there before the abort"),
      (error: unknown) => error,
    );
    abort.abort();
    const error = await judging;
    if (error !== undefined) await checkRejects(Promise.reject(error), "aborted", patienceMs, "an aborted judgement");
    checkEqual(await ask(detector, context), wanted, "the judgement after an aborted one");
  });

  add("leaves no listener on its signal", async (detector) => {
    const { signal } = new AbortController();
    for (const context of moments()) await ask(detector, context, signal);
    const left = getEventListeners(signal, "abort").length;
    check(left === 0, `it left ${left} listeners on its signal`);
  });

  const begun = (detector: TurnDetector): Promise<unknown> => ask(detector, moments()[0] as TurnContext);
  const closing = closeCases<TurnDetector>({
    create,
    begin: async (detector) => ({ ended: begun(detector) }),
    beginning: begun,
    late: begun,
    held: open,
    patienceMs,
  });
  for (const [name, run] of closing) add(name, run);

  return cases;
}

function checkDecision(decision: TurnDecision, transcript: string): void {
  const { complete, confidence, waitMs, reason } = decision ?? {};
  check(typeof complete === "boolean", `complete is ${String(complete)}`);
  check(
    typeof confidence === "number" && confidence >= 0 && confidence <= 1,
    `the confidence is ${String(confidence)}`,
  );
  check(waitMs === undefined || (Number.isFinite(waitMs) && waitMs >= 0), `it waits for ${String(waitMs)} ms`);
  if (reason === undefined) return;
  check(/^\p{L}[\p{L}\p{N}-]{0,39}$/u.test(reason), "its reason is not one word");
  const own = transcript.includes(SECRET) && reason.includes(SECRET);
  check(!own, "its reason says what the speaker said");
}
