import {
  type AudioPipeline,
  type OptionRanges,
  optionsWithin,
  type Resolved,
  RoomKitError,
  type SttProvider,
  type TtsProvider,
  type TurnDetector,
} from "@roomkit/core";
import type { IdleOptions } from "./session/idle-prompts.ts";
import type { SpeechFilter } from "./speech/filter/speech-filter.ts";
import type { SentenceOptions } from "./speech/sentences.ts";
import { isBackchannel } from "./turns/backchannels.ts";
import type { HeardWords, InterruptionStrategy } from "./turns/state.ts";

export interface InterruptionOptions {
  /** Default `confirmed`. */
  readonly strategy?: InterruptionStrategy | undefined;
  /** How much speech must have been heard to interrupt, with `confirmed`. Silence that a VAD waits out does not count. Default 300 ms. */
  readonly minSpeechMs?: number | undefined;
  /** How much speech interrupts of which no word is known yet, with `semantic`. Default 1,500 ms. */
  readonly wordlessMs?: number | undefined;
  /** How much quieter the assistant speaks, in dB, while it is being found out whether a sound interrupts it: -60 to 0. Default 0: no quieter. */
  readonly duckDb?: number | undefined;
  /** Whether the assistant says the rest when what cut it off was no words, or words that want no floor ("mhm", "okay"). Default true. */
  readonly resume?: boolean | undefined;
  /** Whether words only say that somebody listens or is about to speak. Default {@link isBackchannel}, which knows nine languages. */
  readonly isBackchannel?:
    | ((text: string, language: string | undefined, heard: Omit<HeardWords, "text">) => boolean)
    | undefined;
}

export interface PreemptiveOptions {
  /**
   * `text`: the answer is made while it is waited whether the caller goes on, and spoken when they have not; tools are run, and anything is logged,
   * shown or said, only then. `speech`: its first sentence is also synthesized by then. Default `off`.
   */
  readonly mode?: "off" | "text" | "speech" | undefined;
  /** Answers begun like that in a minute of a call at most, 0 to 600: those that are thrown away cost what a model costs, and a voice. Default 20. */
  readonly perMinute?: number | undefined;
}

/** The numbers among the options of a call, each with its default. */
const numbers = {
  /** Silence after the caller's last sound before a turn is answered, at least, ms. */
  minEndpointMs: 0,
  /** The same at most, where a turn detector thinks that more will come, ms. */
  maxEndpointMs: 3_000,
  /** How long the recogniser may take for its last word, ms. */
  sttTimeoutMs: 10_000,
  /** Longest silence of the voice while it has text to speak, ms. */
  ttsTimeoutMs: 20_000,
  /** Longest speech given to one recogniser stream, ms; older audio is dropped beyond. */
  maxSpeechMs: 60_000,
  /** Synthesized audio queued ahead of a listener at most, ms; the voice is held back beyond. */
  maxQueuedMs: 5_000,
  /** Utterances waiting to be spoken to one listener at most; more are refused with `queue_full`. */
  maxUtterances: 16,
  /** How long speech must last to interrupt (`interruption.minSpeechMs`), ms. */
  minSpeechMs: 300,
  /** How much speech without a known word interrupts (`interruption.wordlessMs`), ms. */
  wordlessMs: 1_500,
  /** A turn that has lasted so long is answered at its next pause, ms. */
  maxTurnMs: 120_000,
  /** How long an answer's first word may take before a filler is said, ms. */
  replyBudgetMs: 1_500,
  /** How much quieter the assistant is meanwhile (`interruption.duckDb`), dB. */
  duckDb: 0,
  /** Answers prepared in a minute at most (`preemptive.perMinute`). */
  perMinute: 20,
};

const ranges: OptionRanges<typeof numbers> = {
  minEndpointMs: [0, 600_000],
  maxEndpointMs: [0, 600_000],
  sttTimeoutMs: [1, 600_000],
  ttsTimeoutMs: [1, 600_000],
  maxSpeechMs: [100, 3_600_000],
  maxQueuedMs: [1, 600_000],
  maxUtterances: [1, 10_000],
  minSpeechMs: [0, 60_000],
  wordlessMs: [0, 60_000],
  maxTurnMs: [1_000, 3_600_000],
  replyBudgetMs: [0, 600_000],
  duckDb: [-60, 0],
  perMinute: [0, 600],
};

/** How a caller is heard and spoken to by a recogniser and a voice. */
export interface CallOptions {
  readonly stt: SttProvider;
  readonly tts: TtsProvider;
  /** The audio path, e.g. `audioPipeline({ vad: energyVad() })` of `@roomkit/pipeline`. */
  readonly pipeline: AudioPipeline;
  /** When callers may interrupt. */
  readonly interruption?: InterruptionOptions | undefined;
  /**
   * Judges whether a pause ends a turn, as `heuristicTurns()` of `@roomkit/turn-heuristic` does; without one every pause the VAD reports does. With
   * one the VAD may report early: after 200 ms of silence instead of 500.
   */
  readonly turnDetector?: TurnDetector | undefined;
  /**
   * Who finds where speech begins and ends: the pipeline's VAD, the recogniser, or the application (`manual`: `activityStart` and
   * `activityEnd`). Default: `vad` when the pipeline has one, otherwise `stt`.
   */
  readonly turnDetection?: "vad" | "stt" | "manual" | undefined;
  /** How long the caller must be silent before a turn is answered, at least; the VAD's own wait is part of it. Default 0 ms. */
  readonly minEndpointMs?: number | undefined;
  /** The same at most, where a turn detector thinks that more will come. Default 3,000 ms. */
  readonly maxEndpointMs?: number | undefined;
  /** How long the recogniser may take for its last word. Default 10,000 ms. */
  readonly sttTimeoutMs?: number | undefined;
  /** Longest silence of the voice while it has text to speak, before the answer has failed. Default 20,000 ms. */
  readonly ttsTimeoutMs?: number | undefined;
  /** Longest speech given to one recogniser stream; older audio is dropped beyond. Default 60,000 ms. */
  readonly maxSpeechMs?: number | undefined;
  /** BCP 47 tag for recogniser and voice. */
  readonly language?: string | undefined;
  /** Words the recogniser shall expect: names, terms. */
  readonly keywords?: readonly string[] | undefined;
  /** The voice to speak with; default the provider's. */
  readonly voice?: string | undefined;
  /** How fast it speaks: 1 is its own pace; 0.5 to 2. */
  readonly speed?: number | undefined;
  /** Spoken when a session begins. */
  readonly greeting?: string | undefined;
  /** A turn that has lasted so long, pauses included, is answered at its next pause, whatever a turn detector says. Default 120,000 ms. */
  readonly maxTurnMs?: number | undefined;
  /** What is said when nobody has spoken for a while. Default nothing. */
  readonly idle?: IdleOptions | undefined;
  /** Said, one after the other, before an answer that is late: because a tool runs, or the model takes its time. Default nothing. */
  readonly toolFiller?: string | readonly string[] | undefined;
  /** When an answer is late: how long after its turn its first word may come, in ms. Default 1,500. */
  readonly replyBudgetMs?: number | undefined;
  /** Whether answers are made before it is certain that the caller has finished. Default no. */
  readonly preemptive?: PreemptiveOptions | undefined;
  /** Changes each piece before it is spoken. Default: takes out what only eyes can read. */
  readonly speechFilter?: SpeechFilter | undefined;
  readonly sentences?: SentenceOptions | undefined;
  /** Synthesized audio queued ahead of a listener at most; the voice is held back beyond. Default 5,000 ms. */
  readonly maxQueuedMs?: number | undefined;
  /** Utterances waiting to be spoken to one listener at most; more are refused with `queue_full`. Default 16. */
  readonly maxUtterances?: number | undefined;
}

/** What each of them is, for `assertOptions`; without those that a speech-to-speech session is given when it begins. */
export const callOptionKinds = {
  oneOf: { turnDetection: ["vad", "stt", "manual"] },
  within: { speed: [0.5, 2] },
  number: [
    "minEndpointMs",
    "maxEndpointMs",
    "sttTimeoutMs",
    "ttsTimeoutMs",
    "maxSpeechMs",
    "maxQueuedMs",
    "maxUtterances",
    "replyBudgetMs",
    "maxTurnMs",
  ],
  function: ["speechFilter"],
  object: ["stt", "tts", "pipeline", "turnDetector", "idle"],
  strings: ["keywords", "toolFiller"],
  string: ["toolFiller"],
  members: {
    interruption: {
      oneOf: { strategy: ["immediate", "confirmed", "semantic", "disabled"] },
      number: ["minSpeechMs", "wordlessMs"],
      within: { duckDb: [-60, 0] },
      boolean: ["resume"],
      function: ["isBackchannel"],
    },
    preemptive: { oneOf: { mode: ["off", "text", "speech"] }, number: ["perMinute"] },
    sentences: { number: ["firstClauseChars", "maxChars"] },
    idle: {
      required: ["afterMs"],
      within: { afterMs: [1, 3_600_000], times: [0, 1_000] },
      string: ["say", "prompt"],
      strings: ["say"],
      function: ["say"],
    },
  },
} as const;

/** The options with every default filled in. */
export type CallSettings = Omit<CallOptions, keyof typeof numbers | "preemptive"> &
  Readonly<Omit<typeof numbers, "perMinute">> & { readonly preemptive: Resolved<PreemptiveOptions> } & Readonly<
    Resolved<Pick<InterruptionOptions, "strategy" | "resume" | "isBackchannel">>
  >;

/** What makes each part one, by the method a call cannot do without. */
const PARTS = { stt: "transcribe", tts: "synthesize", pipeline: "open", turnDetector: "evaluate" } as const;

function checkParts(options: CallOptions): void {
  for (const [name, method] of Object.entries(PARTS)) {
    const part: unknown = options[name as keyof typeof PARTS];
    if (part === undefined || typeof (part as Readonly<Record<string, unknown>>)[method] === "function") continue;
    throw new RoomKitError("invalid_option", `${name} has no ${method}(): it must be what a factory of one gives`);
  }
}

function checkIdle({ say, prompt, times = 0 }: IdleOptions): void {
  const refuse = (what: string): never => {
    throw new RoomKitError("invalid_option", `idle ${what}`);
  };
  if ((say === undefined) === (prompt === undefined)) refuse("needs either `say` or `prompt`");
  const texts = typeof say === "function" ? ["by a function"] : [say ?? prompt ?? ""].flat();
  if (texts.length === 0 || texts.some((text) => text.trim() === "")) refuse("has nothing to say");
  if (!Number.isInteger(times)) refuse("times must be a whole number");
}

/** @throws RoomKitError `invalid_option` for a number out of its range, or a part that is none. */
export function resolveCallOptions(options: CallOptions): CallSettings {
  const { minSpeechMs, wordlessMs, duckDb, ...rest } = options.interruption ?? {};
  const { strategy = "confirmed", resume = true, isBackchannel: spares = isBackchannel } = rest;
  const { mode = "off", perMinute: most } = options.preemptive ?? {};
  const { perMinute, ...within } = optionsWithin(
    { ...options, minSpeechMs, wordlessMs, duckDb, perMinute: most },
    numbers,
    ranges,
  );
  checkParts(options);
  if (options.idle) checkIdle(options.idle);
  const { minEndpointMs, maxEndpointMs } = within;
  if (minEndpointMs > maxEndpointMs) {
    throw new RoomKitError(
      "invalid_option",
      `minEndpointMs (${minEndpointMs}) is more than maxEndpointMs (${maxEndpointMs})`,
    );
  }
  return { ...options, strategy, resume, isBackchannel: spares, preemptive: { mode, perMinute }, ...within };
}
