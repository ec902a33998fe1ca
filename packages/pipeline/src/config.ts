import {
  type AudioTaps,
  assertOptions,
  type FrameStage,
  type Logger,
  type RecorderFactory,
  RoomKitError,
  type StageFactories,
  type StageFactory,
  type StageRole,
  type VoiceCapabilities,
} from "@roomkit/core";

/** The places of the inbound path, in their order. */
export const ROLES: readonly StageRole[] = ["dtmf", "aec", "echoGuard", "agc", "denoiser", "vad", "diarization"];

/** Those of them that change audio. */
export const CHANGERS: readonly StageRole[] = ["aec", "echoGuard", "agc", "denoiser"];

/** The stages of a pipeline: each a factory, so that every stream gets an instance of its own. All of them may be left out. */
export interface AudioPipelineConfig {
  /** Finds speech. Without one the stream has no speech events. */
  readonly vad?: StageFactories["vad"] | undefined;
  /** Removes what the caller's speaker plays from what the microphone hears. */
  readonly aec?: StageFactories["aec"] | undefined;
  /**
   * Keeps what of that is left, or all of it, from being taken for the caller. Opened also where the caller's platform cancels echo itself: it
   * does nothing until it hears one.
   */
  readonly echoGuard?: StageFactories["echoGuard"] | undefined;
  /** Levels the loudness. */
  readonly agc?: StageFactories["agc"] | undefined;
  /**
   * What becomes of `aec` and `agc` where the caller's platform says that it does the same: `skip` leaves the stage out, `process`
   * opens it all the same. Default `skip`: twice sounds worse than once.
   */
  readonly whenNative?: "skip" | "process" | undefined;
  readonly denoiser?: StageFactories["denoiser"] | undefined;
  /** Finds touch tones, before anything can blur them. */
  readonly dtmf?: StageFactories["dtmf"] | undefined;
  /**
   * Whether the digits that `dtmf` finds are silence to VAD and recogniser, so that nobody's PIN is a word. What is heard of a tone before the
   * detector knows it stays, 20 to 45 ms. Default false.
   */
  readonly muteDigits?: boolean | undefined;
  /** Tells speakers apart. */
  readonly diarization?: StageFactories["diarization"] | undefined;
  /** Hears the caller before any processing and what is said to the caller, both in the format it is opened with. */
  readonly recorder?: RecorderFactory | undefined;
  /**
   * What the recorder hears of what is said: `generated`, as it was made, faster than it is spoken and including what is never heard; or
   * `played`, as the transport says it goes out, silence included. Default: as the recorder asks, otherwise `generated`.
   */
  readonly recordOutbound?: "generated" | "played" | undefined;
  /** Change what is said, in this order. */
  readonly postprocessors?: readonly StageFactory<FrameStage>[] | undefined;
  /** The rate in Hz that the stages and STT see, 8,000 to 192,000. Default 16,000. */
  readonly internalSampleRate?: number | undefined;
  /** Stages that are switched off when a stream begins; `stages.set(role, true)` switches one on. Default none. */
  readonly startOff?: readonly StageRole[] | undefined;
  /** A stage that has failed on so many frames is taken out of its stream; ten that it does well make good for one. 1 to 100,000. Default 50. */
  readonly maxStageFailures?: number | undefined;
  /** Whether `stages.list()` of a stream says how much each stage works, and how long for. Default false. */
  readonly countWork?: boolean | undefined;
  /** Write down what each stage makes of the audio, for whoever looks for what is wrong with it. Asks nobody: not for production. */
  readonly taps?: AudioTaps | undefined;
  /** Hears of listeners that throw. Default: the console. */
  readonly logger?: Logger | undefined;
}

/** @throws RoomKitError `invalid_option` for something that is no configuration. */
export function checkConfig(config: AudioPipelineConfig): void {
  assertOptions("audioPipeline", config, {
    oneOf: { whenNative: ["skip", "process"], recordOutbound: ["generated", "played"] },
    number: ["internalSampleRate"],
    within: { maxStageFailures: [1, 100_000] },
    boolean: ["muteDigits", "countWork"],
    object: ["vad", "aec", "echoGuard", "agc", "denoiser", "dtmf", "diarization", "recorder", "taps", "logger"],
    objects: ["postprocessors"],
  });
  const { internalSampleRate: rate = 16_000, postprocessors = [] } = config;
  if (!Number.isInteger(rate) || rate < 8_000 || rate > 192_000) {
    throw new RoomKitError("invalid_option", `internalSampleRate is 8,000 to 192,000 Hz, not ${rate}`);
  }
  const { vad, aec, echoGuard, agc, denoiser, dtmf, diarization, recorder, taps } = config;
  const stages: Record<string, StageFactory<unknown> | AudioTaps | undefined> = {
    ...{ vad, aec, echoGuard, agc, denoiser, dtmf, diarization, recorder, taps },
    ...Object.fromEntries(postprocessors.map((factory, i) => [`postprocessors[${i}]`, factory])),
  };
  for (const [role, factory] of Object.entries(stages)) if (factory !== undefined) assertStage(role, factory);
  const late = postprocessors.find(({ realtime }) => realtime);
  if (late)
    throw new RoomKitError("invalid_option", `postprocessors: ${late.name} is for audio that comes in real time`);
  const { startOff: off = [] } = config;
  const absent: unknown = Array.isArray(off)
    ? off.find((role: StageRole) => !ROLES.includes(role) || !config[role])
    : off;
  if (absent !== undefined) throw new RoomKitError("invalid_option", `startOff: there is no stage ${String(absent)}`);
  if (config.muteDigits && !dtmf) throw new RoomKitError("invalid_option", "muteDigits needs a dtmf stage");
  const { recordOutbound } = config;
  if (recorder?.outbound && recordOutbound && recorder.outbound !== recordOutbound) {
    const told = `${recorder.name} records what is ${recorder.outbound}`;
    throw new RoomKitError("invalid_option", `${told}: leave recordOutbound out, it is not for "${recordOutbound}"`);
  }
}

/** @throws RoomKitError `invalid_option` for what makes no such stage. */
export function assertStage(
  role: string,
  factory: {
    readonly open?: unknown;
    readonly speechPadMs?: number | undefined;
    readonly lagMs?: number | undefined;
  } | null,
): void {
  if (typeof factory?.open !== "function")
    throw new RoomKitError("invalid_option", `the stage ${role} is not a factory: it has no open()`);
  if (role !== "vad") return;
  const { speechPadMs = -1, lagMs = 0 } = factory;
  if (!(speechPadMs >= 0 && speechPadMs <= 60_000))
    throw new RoomKitError("invalid_option", `the VAD wants a pre-roll of ${factory.speechPadMs} ms`);
  if (!(lagMs >= 0 && lagMs <= 60_000))
    throw new RoomKitError("invalid_option", `the VAD tells of speech ${lagMs} ms after it began`);
}

/** The stages that a caller's platform does itself. */
export function nativeRoles(config: AudioPipelineConfig, native: VoiceCapabilities | undefined): StageRole[] {
  if (!native || config.whenNative === "process") return [];
  return [
    ...(native.nativeEchoCancellation ? ["aec" as const] : []),
    ...(native.nativeGainControl ? ["agc" as const] : []),
  ];
}
