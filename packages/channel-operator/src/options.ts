import {
  type AttendableCalls,
  type AudioPipeline,
  assertOptions,
  type OptionRanges,
  optionsWithin,
  RoomKitError,
  type SttProvider,
  type VoiceBackend,
} from "@roomkit/core";

const numbers = {
  maxDelayMs: 200,
  maxOperators: 8,
  awayMs: 5_000,
  joinTimeoutMs: 30_000,
  sttTimeoutMs: 10_000,
  maxSpeechMs: 60_000,
};

const ranges: OptionRanges<typeof numbers> = {
  maxDelayMs: [60, 5_000],
  maxOperators: [1, 64],
  awayMs: [500, 600_000],
  joinTimeoutMs: [0, 3_600_000],
  sttTimeoutMs: [1, 600_000],
  maxSpeechMs: [100, 3_600_000],
};

export interface OperatorChannelOptions {
  /** The transport operators come in by. It may be the callers' own. */
  readonly backend: VoiceBackend;
  /** Whose calls they attend: a `VoiceChannel` or `RealtimeVoiceChannel`, or several. */
  readonly calls: AttendableCalls | readonly AttendableCalls[];
  /** The audio path of an operator who speaks: echo, noise, and where `stt` needs it, a VAD. Default: as it comes. */
  readonly pipeline?: AudioPipeline | undefined;
  /** Writes down what operators say to callers, for the log and the assistant. Needs `pipeline`. Default: it is not written down. */
  readonly stt?: SttProvider | undefined;
  /** BCP 47 tag for `stt`. */
  readonly language?: string | undefined;
  /** How late audio may be played to an operator for long, 60 to 5,000 ms. Default 200. */
  readonly maxDelayMs?: number | undefined;
  /** Operators in one call at most; more are refused (`too_many_operators`). Default 8. */
  readonly maxOperators?: number | undefined;
  /**
   * An operator who speaks with a caller, is not muted and of whom no audio comes for so long is taken for gone: the call is given back. Default
   * 5,000 ms.
   */
  readonly awayMs?: number | undefined;
  /** How long an operator's client may be connected before its session is joined to a room. Default 30,000 ms. */
  readonly joinTimeoutMs?: number | undefined;
  /** How long `stt` may take for its last word. Default 10,000 ms. */
  readonly sttTimeoutMs?: number | undefined;
  /** Longest speech given to one stream of `stt`; older audio is dropped beyond. Default 60,000 ms. */
  readonly maxSpeechMs?: number | undefined;
}

/** The options with every default filled in. */
export type OperatorSettings = Omit<OperatorChannelOptions, keyof typeof numbers | "calls"> &
  Readonly<typeof numbers> & { readonly calls: readonly AttendableCalls[] };

/** @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: OperatorChannelOptions): OperatorSettings {
  assertOptions("OperatorChannel", options, {
    required: ["backend", "calls"],
    string: ["language"],
    number: Object.keys(numbers) as (keyof typeof numbers)[],
    object: ["backend", "calls", "pipeline", "stt"],
    array: ["calls"],
  });
  const { backend, pipeline, stt, language } = options;
  const calls = [options.calls].flat();
  const attendable = calls.length > 0 && calls.every((each) => typeof each?.attendable === "function");
  if (!attendable) throw new RoomKitError("invalid_option", "calls must be channels whose calls may be attended");
  if (stt && !pipeline)
    throw new RoomKitError(
      "invalid_option",
      "stt needs a pipeline: it finds where an operator's speech begins and ends",
    );
  return { backend, pipeline, stt, language, calls, ...optionsWithin(options, numbers, ranges) };
}
