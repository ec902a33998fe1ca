import { assertOptions, type OptionRanges, optionsWithin, RoomKitError } from "@roomkit/core";
import { directory } from "./files/directory.ts";
import type { RecordingCipher, RecordingStorage } from "./files/storage.ts";
import type { RecordingLayout } from "./wav/tracks.ts";

export interface WavRecorderOptions {
  /** A directory, made when it is needed; or where else recordings go. */
  readonly storage: string | RecordingStorage;
  /**
   * `stereo`: the caller left, what they heard right; `mixed`: both in one channel; `inbound`, `outbound`: one side; `separate`: two
   * files. Default `stereo`.
   */
  readonly layout?: RecordingLayout | undefined;
  /** `always`; `first-speech`: from the first word of either side on; `speech`: only where somebody speaks, joined. Default `always`. */
  readonly trigger?: "always" | "first-speech" | "speech" | undefined;
  /** What is said before somebody has agreed: `drop`, it is in no recording; `hold`, it is, if they agree. Default `drop`. */
  readonly beforeConsent?: "drop" | "hold" | undefined;
  /** Whether nothing is recorded where no hook `ON_RECORDING_STARTED` is there to agree. Default false. */
  readonly requireConsent?: boolean | undefined;
  /** What becomes of a pause: `silence` as long as it was, or `cut` out. Default `silence`. */
  readonly pause?: "silence" | "cut" | undefined;
  /** Whether touch tones that the pipeline's detector finds are silent in the recording, and their digits not in the sidecar. Default false. */
  readonly muteDigits?: boolean | undefined;
  /** Whether transcript, what was heard, and events go beside it, as JSON on the same clock. Default false. */
  readonly sidecar?: boolean | undefined;
  /** Encrypts each file; asked for one per file. */
  readonly cipher?: ((name: string) => RecordingCipher) | undefined;
  /** What a recording is called; made safe, and without ending. Default: its time and the session's id. */
  readonly name?: ((about: { readonly sessionId: string; readonly startedAt: number }) => string) | undefined;
  /** Hz, 8,000 to 192,000. Default: the pipeline's internal rate. */
  readonly sampleRate?: number | undefined;
  /** What is held at most until somebody has agreed, ms; the oldest is dropped. Default 30,000. */
  readonly maxHeldMs?: number | undefined;
  /** How often audio goes to the storage, ms. Default 1,000. */
  readonly flushMs?: number | undefined;
  /** Audio waiting for the storage at most, besides what is held anyway, ms; the oldest becomes silence. Default 10,000. */
  readonly maxQueuedMs?: number | undefined;
  /** How long a caller who sends nothing is waited for, ms: what they said and comes later is lost. Default 5,000. */
  readonly maxLateMs?: number | undefined;
  /** Longest recording, ms; it then ends. Default 14,400,000 (4 hours). */
  readonly maxDurationMs?: number | undefined;
  /** Longest wait for one call of the storage, ms. Default 10,000. */
  readonly storageTimeoutMs?: number | undefined;
  /** Longest wait for the storage, and for the last words, when a call has ended, ms. Default 2,000. */
  readonly closeTimeoutMs?: number | undefined;
}

const defaults = {
  layout: "stereo" as RecordingLayout,
  trigger: "always" as "always" | "first-speech" | "speech",
  beforeConsent: "drop" as "drop" | "hold",
  requireConsent: false,
  pause: "silence" as "silence" | "cut",
  muteDigits: false,
  sidecar: false,
  maxHeldMs: 30_000,
  flushMs: 1_000,
  maxQueuedMs: 10_000,
  maxLateMs: 5_000,
  maxDurationMs: 14_400_000,
  storageTimeoutMs: 10_000,
  closeTimeoutMs: 2_000,
};

const ranges: OptionRanges<typeof defaults> = {
  maxHeldMs: [0, 600_000],
  flushMs: [20, 60_000],
  maxQueuedMs: [20, 600_000],
  maxLateMs: [0, 60_000],
  maxDurationMs: [1_000, 86_400_000],
  storageTimeoutMs: [1, 600_000],
  closeTimeoutMs: [0, 600_000],
};

/** The options with every default filled in. */
export type WavSettings = Readonly<typeof defaults> &
  Pick<WavRecorderOptions, "cipher" | "name" | "sampleRate"> & { readonly storage: RecordingStorage };

/** @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: WavRecorderOptions): WavSettings {
  assertOptions("wavRecorder", options, {
    required: ["storage"],
    string: ["storage"],
    object: ["storage"],
    oneOf: {
      layout: ["stereo", "mixed", "inbound", "outbound", "separate"],
      trigger: ["always", "first-speech", "speech"],
      beforeConsent: ["drop", "hold"],
      pause: ["silence", "cut"],
    },
    boolean: ["requireConsent", "muteDigits", "sidecar"],
    function: ["cipher", "name"],
    within: { sampleRate: [8_000, 192_000] },
    number: [
      ...["maxHeldMs", "flushMs", "maxQueuedMs", "maxLateMs", "maxDurationMs"],
      ...["storageTimeoutMs", "closeTimeoutMs"],
    ] as (keyof WavRecorderOptions & string)[],
  });
  const { storage, cipher, name, sampleRate, ...rest } = options;
  const place = storageOf("wavRecorder", storage);
  if (sampleRate !== undefined && !Number.isInteger(sampleRate))
    throw new RoomKitError("invalid_option", `wavRecorder: sampleRate is a whole number of Hz, not ${sampleRate}`);
  const settings = optionsWithin(rest, defaults, ranges);
  return { ...settings, cipher, name, sampleRate, storage: place };
}

/** @throws RoomKitError `invalid_option`. */
export function storageOf(what: string, storage: string | RecordingStorage): RecordingStorage {
  if (typeof storage === "string" ? storage === "" || storage.includes("\0") : typeof storage.open !== "function")
    throw new RoomKitError("invalid_option", `${what}: storage is a directory, or an object with open()`);
  return typeof storage === "string" ? directory(storage) : storage;
}
