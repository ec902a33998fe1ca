import {
  type AudioFrame,
  type Clock,
  type RecordedSide,
  type RecorderNotice,
  type Recording,
  type RecordingFile,
  type RecordingInfo,
  type RecordingNote,
  type RecordingState,
  type RecordingSummary,
  RoomKitError,
  withTimeout,
} from "@roomkit/core";
import { SinkWriter, storageError } from "./files/sink-writer.ts";
import { TrackFile } from "./files/track-file.ts";
import { Notes } from "./notes.ts";
import type { WavSettings } from "./options.ts";
import { Tape } from "./tape/tape.ts";
import { MOST_SAMPLES } from "./wav/header.ts";
import { type Track, tracksOf } from "./wav/tracks.ts";

export interface WavRecordingOptions {
  readonly settings: WavSettings;
  readonly info: RecordingInfo;
  readonly sessionId: string;
  readonly sampleRate: number;
  readonly clock: Clock;
  readonly report: (error: RoomKitError) => void;
}

/** How long audio waits for what may still change it: frames that tell whether it came late, ... */
const HOLD_MS = 1_000;
/** ... and what detectors tell of it afterwards. */
const LOOK_BACK_MS = 2_000;
/** What nobody speaks in is written all the same, so often, ms; a little later than its time, so that what a stall held up comes first. */
const SILENCE_MS = 5_000;
const AFTER_STALL_MS = 100;
/** Silence is read in pieces of at most so much. */
const PIECE_MS = 1_000;

/** One recording: from frames to files. What is called in any order means what {@link Recording} says. */
export class WavRecording implements Recording {
  readonly info: RecordingInfo;
  readonly requireConsent: boolean;
  readonly ended: Promise<RecordingSummary | undefined>;
  readonly #options: WavRecordingOptions;
  readonly #tracks: readonly Track[];
  readonly #notes = new Notes();
  readonly #pauses: { readonly from: number; to: number | undefined }[] = [];
  /** Most samples of each side. */
  readonly #most: number;
  #tape: Tape | undefined;
  #files: readonly TrackFile[] = [];
  #state: RecordingState = "waiting";
  #paused = false;
  /** Nothing can be noted any more. */
  #settled = false;
  #stopTimer = (): void => {};
  #settle: (summary: RecordingSummary | undefined) => void = () => {};

  constructor(options: WavRecordingOptions) {
    const { settings, info, sampleRate, clock } = options;
    this.#options = options;
    this.info = info;
    this.requireConsent = settings.requireConsent;
    this.#tracks = tracksOf(settings.layout);
    const width = Math.max(...this.#tracks.map((track) => track.width));
    this.#most = Math.min(Math.round((settings.maxDurationMs * sampleRate) / 1000), Math.floor(MOST_SAMPLES / width));
    if (settings.beforeConsent === "hold") this.#tape = this.#newTape(clock.now());
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get state(): RecordingState {
    return this.#state;
  }

  start(): void {
    if (this.#state !== "waiting") return;
    const { settings, clock } = this.#options;
    const now = clock.now();
    this.#tape ??= this.#newTape(now);
    const begin = this.#tape.index(now - settings.maxHeldMs);
    this.#tape.drop(begin);
    this.#state = this.#paused ? "paused" : "recording";
    if (this.#paused && this.#pauses.length === 0) this.#beginPause(now);
    this.#files = this.#tracks.map((track) => this.#open(track));
    this.#turn(now);
    this.#wait();
  }

  pause(): void {
    if (this.#state === "ended" || this.#paused) return;
    this.#paused = true;
    // Where nothing is held, it is a pause from the beginning.
    if (this.#tape) this.#beginPause(this.#options.clock.now());
    if (this.#state === "recording") this.#state = "paused";
  }

  resume(): void {
    if (this.#state === "ended" || !this.#paused) return;
    this.#paused = false;
    const now = this.#options.clock.now();
    this.#tape?.resume(now);
    const last = this.#pauses.at(-1);
    if (last && this.#tape) last.to = this.#tape.index(now);
    if (this.#state === "paused") this.#state = "recording";
  }

  note(note: RecordingNote): void {
    this.#noteAt(this.#options.clock.now(), note);
  }

  stop(reason: string, last?: Promise<unknown>): Promise<RecordingSummary | undefined> {
    this.#stop(reason, last);
    return this.ended;
  }

  // What its recorder gives ---------------------------------------------------------------------------------------------

  /** `told`: of the caller's side, how far it has come; of the other, when it was played. */
  take(side: RecordedSide, frame: AudioFrame, told?: number): void {
    const tape = this.#tape;
    if (this.#state === "ended" || !tape) return;
    const now = this.#options.clock.now();
    const { samples, timestamp } = frame;
    if (!this.#paused) {
      if (side === "inbound") tape.hear(samples, timestamp, told, now);
      else tape.say(samples, timestamp, told, now);
    }
    this.#turn(now);
  }

  notice(notice: RecorderNotice): void {
    const tape = this.#tape;
    if (!tape) return;
    const { type, timestamp, ...facts } = notice;
    const { muteDigits } = this.#options.settings;
    if (notice.type === "tone") {
      if (muteDigits) tape.digit(timestamp, notice.durationMs);
      return;
    }
    const at = tape.clockOf(timestamp) ?? this.#options.clock.now();
    if (notice.type === "speech-start" || notice.type === "speech-end") tape.speech(notice.type, timestamp);
    if (notice.type === "dtmf" && muteDigits) {
      tape.digit(timestamp, notice.durationMs);
      this.#noteAt(at, { type, durationMs: notice.durationMs });
    } else this.#noteAt(at, { type, ...facts });
  }

  /** The frames that follow are of another stream. */
  reset(): void {
    this.#tape?.reset();
  }

  #newTape(zero: number): Tape {
    const { settings, sampleRate, info } = this.#options;
    const { trigger, pause, maxLateMs, muteDigits } = settings;
    const holdMs = muteDigits || trigger !== "always" ? LOOK_BACK_MS : HOLD_MS;
    return new Tape({ sampleRate, zero, sides: info.channels, holdMs, maxLateMs, pause, trigger });
  }

  #open(track: Track): TrackFile {
    const { settings, info, sampleRate, clock, report } = this.#options;
    const { storage, cipher, maxQueuedMs, maxHeldMs, maxLateMs, flushMs } = settings;
    // What is held by then is given to it at once, when the recording begins or ends.
    const heldMs = Math.max(LOOK_BACK_MS, maxLateMs) + flushMs + (settings.beforeConsent === "hold" ? maxHeldMs : 0);
    const bytesPerMs = (sampleRate * track.width * 2) / 1000;
    return new TrackFile({
      ...{ storage, cipher, clock, track, sampleRate },
      name: `${info.name}${track.suffix}`,
      ending: ".wav",
      timeoutMs: settings.storageTimeoutMs,
      capacity: Math.ceil((maxQueuedMs + heldMs) * bytesPerMs),
      onFailed: (error) => {
        report(error);
        this.#stop("failed");
      },
      onLost: () =>
        report(new RoomKitError("recording_gap", "the storage is too slow: audio is silence in the recording")),
    });
  }

  #beginPause(now: number): void {
    if (!this.#tape) return;
    this.#tape.pause(now);
    this.#pauses.push({ from: this.#tape.index(now), to: undefined });
  }

  #noteAt(clockMs: number, note: RecordingNote): void {
    if (!this.#options.settings.sidecar || this.#settled || this.#paused || !this.#tape) return;
    this.#notes.add(this.#tape.index(clockMs), note);
  }

  /** Goes on by itself while nobody sends anything. */
  #wait(): void {
    const { clock } = this.#options;
    this.#stopTimer = clock.setTimeout(() => {
      this.#stopTimer = clock.setTimeout(() => {
        this.#turn(clock.now());
        if (this.#state !== "ended") this.#wait();
      }, AFTER_STALL_MS);
    }, SILENCE_MS);
  }

  /** Gives the files what is due. */
  #turn(now: number): void {
    const tape = this.#tape;
    if (!tape) return;
    const { settings } = this.#options;
    if (this.#state === "waiting") {
      tape.drop(tape.index(now - settings.maxHeldMs));
      return;
    }
    const readable = tape.readable(now);
    if (readable * 1000 >= settings.flushMs * this.#options.sampleRate) this.#read(tape, readable);
    if (tape.written >= this.#most) this.#stop("max_duration");
  }

  #read(tape: Tape, length: number): void {
    const piece = Math.round((PIECE_MS * this.#options.sampleRate) / 1000);
    for (let left = length; left > 0 && tape.written < this.#most; left -= piece)
      for (const stretch of tape.read(Math.min(piece, left, this.#most - tape.written)))
        for (const file of this.#files) file.push(stretch);
  }

  #stop(reason: string, last?: Promise<unknown>): void {
    if (this.#state === "ended") return;
    const tape = this.#state === "waiting" ? undefined : this.#tape;
    this.#state = "ended";
    this.#stopTimer();
    if (!tape) {
      this.#settled = true;
      this.#tape = undefined;
      this.#settle(undefined);
      return;
    }
    const now = this.#options.clock.now();
    this.#read(tape, tape.finish(now));
    void this.#finish(tape, reason, last).then(this.#settle);
  }

  /** Never rejects. */
  async #finish(tape: Tape, reason: string, last: Promise<unknown> | undefined): Promise<RecordingSummary> {
    const { settings, clock, sampleRate, info } = this.#options;
    const until = clock.now() + settings.closeTimeoutMs;
    const startedAt = Math.round(clock.wallTime() - (clock.now() - tape.beginsAt));
    const inTime = <T>(work: Promise<T>, what: string, lessMs = 0): Promise<T> =>
      withTimeout(work, Math.max(0, until - lessMs - clock.now()), { clock, what });
    const written = inTime(Promise.all(this.#files.map((file) => file.finish())), "writing the end of a recording");
    await written.catch((thrown: unknown) => {
      const late = storageError(thrown);
      for (const file of this.#files) file.giveUp(late);
      this.#options.report(late);
    });
    let error = this.#files.find((file) => file.error)?.error;
    const files = this.#files.map(({ file }) => file).filter((file) => file !== undefined);
    const durationMs = Math.max(0, ...files.map((file) => file.durationMs));
    const lost = tape.lost + Math.max(0, ...this.#files.map((file) => file.lost));
    const lostMs = (lost / sampleRate) * 1000;
    const facts = { ...info, reason, startedAt, durationMs, files, lostMs };
    if (settings.sidecar) {
      // Should they never come, the sidecar still has its time.
      await inTime(last ?? Promise.resolve(), "the last words", settings.closeTimeoutMs / 2).catch(() => {});
      this.#settled = true;
      const sidecar = inTime(this.#writeSidecar(tape, facts), "writing the sidecar of a recording");
      const made = await sidecar.catch((thrown: unknown) => {
        const failed = storageError(thrown);
        error ??= failed;
        this.#options.report(failed);
      });
      if (made) files.push(made);
    }
    this.#settled = true;
    return { ...facts, ...(error && { error: { code: error.code, message: error.message } }) };
  }

  async #writeSidecar(tape: Tape, facts: RecordingSummary): Promise<RecordingFile> {
    const { settings, info, sessionId, sampleRate, clock } = this.#options;
    const msAt = (index: number): number => (tape.place(index) / sampleRate) * 1000;
    const ms = (samples: number): number => (samples / sampleRate) * 1000;
    const pauses = this.#pauses.map(({ from, to = Number.POSITIVE_INFINITY }) => ({
      atMs: msAt(from),
      durationMs: Number.isFinite(to) ? ms(to - from) : facts.durationMs - msAt(from),
    }));
    const cuts = tape.cuts.map(({ at, length }) => ({ atMs: ms(at), durationMs: ms(length) }));
    const { layout } = settings;
    const told = { ...facts, startedAt: new Date(facts.startedAt).toISOString(), sessionId, layout, sampleRate };
    const text = JSON.stringify({ version: 1, ...told, pauses, cuts, ...this.#notes.told(msAt) }, undefined, 2);
    const { storage, cipher, storageTimeoutMs: timeoutMs } = settings;
    const writer = await SinkWriter.open({ storage, cipher, clock, timeoutMs, name: info.name, ending: ".json" });
    await writer.write(new TextEncoder().encode(`${text}\n`));
    await writer.close();
    return { name: writer.name, kind: "sidecar", channels: [], bytes: writer.bytes, durationMs: 0 };
  }
}
