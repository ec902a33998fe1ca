import {
  errorFields,
  type HeardReport,
  joinTexts,
  type PipelineStream,
  RoomKitError,
  type SpokenPiece,
  type UtteranceId,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import type { Floor } from "../session/floor.ts";
import { speakable } from "../speech/filter/speakable.ts";
import { withSpoken, withWritten } from "../speech/respeak.ts";
import { MAX_SAYINGS, type SayingRecord } from "../takeover/call-record.ts";
import { HeldText } from "./held-text.ts";
import { type Hold, newHold } from "./hold.ts";
import { joined, recordable, recordOf } from "./parts.ts";
import type { Before, SpeakOptions } from "./speak-options.ts";
import { tellEnd } from "./tell-end.ts";
import { type SpokenUtterance, Utterance } from "./utterance.ts";

export interface SpeakingOptions {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly pipeline: PipelineStream;
  readonly floor: Floor;
  /** What of `speak`'s options it needs to know. */
  readonly onAudible: (utterance: UtteranceId, options: Pick<SpeakOptions, "correlationId" | "interruption">) => void;
  /** Here and below: `correlationId` as it was given to `speak`. */
  readonly onSynthesized: (correlationId: string | undefined) => void;
  /** This is given to the voice. */
  readonly onSpoken: (text: string) => void;
  readonly onEnd: (utterance: UtteranceId, correlationId: string | undefined) => void;
}

const NOTHING: Before = { id: undefined, text: "", revision: 0, playedMs: 0, confidence: "reported" };

/** The floor of who may send at any time. */
const FREE: Floor = { free: true, wait: async () => true };

/** One text on its way to the listener: its first utterance, and those that take it up again. */
interface Place {
  readonly answer: boolean;
  /** Asked for while the caller spoke: what they said was no reply to it. */
  readonly patient: boolean;
  utterance: Utterance;
  before: Before;
  /** What the utterance reads. */
  source?: HeldText | undefined;
  readonly options: SpeakOptions;
  /** It was cut off, and it is being found out by what. */
  hold?: Hold<Place> | undefined;
}

/** How often in a row a text is taken up again of which nothing more was heard. */
const MAX_STUTTERS = 2;

/** Everything said to one listener, one utterance after the other. */
export class Speaking {
  readonly #options: SpeakingOptions;
  #queue: Promise<unknown> = Promise.resolve();
  /** Speaking and waiting. */
  readonly #places = new Set<Place>();
  #duckedDb = 0;
  #closed = false;

  constructor(options: SpeakingOptions) {
    this.#options = options;
  }

  /**
   * Speaks when it is its turn. Resolves with what was heard, also of what was taken up again; nothing when it was silenced before it began.
   * @throws RoomKitError `queue_full`.
   */
  speak(text: AsyncIterable<string>, options: SpeakOptions): Promise<SpokenUtterance> {
    const { settings, floor } = this.#options;
    if (this.#places.size > settings.maxUtterances) {
      return Promise.reject(
        new RoomKitError("queue_full", `more than ${settings.maxUtterances} utterances are waiting`, {
          retryable: true,
        }),
      );
    }
    const { correlationId, before = NOTHING } = options;
    const utterance = this.#open(options, before);
    const place: Place = { answer: correlationId !== undefined, patient: !floor.free, utterance, before, options };
    this.#places.add(place);
    if (this.#closed) utterance.silence("closed");
    const spoken = this.#queue.then(() => this.#speakWhole(place, text, options));
    this.#queue = spoken.catch(() => {});
    return spoken;
  }

  /** What is being spoken, or waits to be, for another process to go on with. */
  get record(): readonly SayingRecord[] {
    // Cut off, and perhaps by nothing: that is to be said, too, as far as is known.
    const spoken = [...this.#places].filter(
      ({ utterance, hold, options }) => (!utterance.silenced || hold?.decided === false) && recordable(options),
    );
    return spoken.slice(0, MAX_SAYINGS).map((place) => recordOf(place));
  }

  /** Whether anything is being spoken, or waits to be. */
  get busy(): boolean {
    return [...this.#places].some(({ utterance }) => !utterance.silenced);
  }

  /**
   * Silences the listener now; what waits to be spoken is not spoken either. Except, when it is the caller who says something, what
   * the application wants said and they have not reacted to: because nothing was audible, or because it was asked for while they spoke.
   * With `hold` the one that was audible may be taken up again: {@link resume} or {@link letGo} must follow. Gives whether a text of the
   * application was cut off for good.
   */
  silence(reason: string, hold = false): boolean {
    const report = this.#clear();
    const byCaller = reason === "barge_in" || reason === "text_input";
    const audible = [...this.#places].find(({ utterance }) => utterance.audible && !utterance.silenced);
    this.letGo();
    const over = [...this.#places].filter(({ answer, patient, utterance }) => {
      const kept = byCaller && !answer && !utterance.audible && (patient || !audible);
      return !kept;
    });
    const held = hold ? audible : undefined;
    if (held) held.hold = newHold(over.filter((place) => place !== held));
    for (const { utterance } of held ? [held] : over) utterance.silence(reason, report);
    return !held && audible?.answer === false;
  }

  /** Speaks more quietly, as the call's `duckDb` says, or as loud as ever. */
  duck(ducked: boolean): void {
    const { settings, connection } = this.#options;
    const db = ducked ? settings.duckDb : 0;
    if (db !== this.#duckedDb) connection.duck?.(db);
    this.#duckedDb = db;
  }

  /** What was cut off goes on where it was heard last; resolves with whether there was anything left to say. */
  resume(): Promise<boolean> {
    return new Promise((resolve) => {
      const held = [...this.#places].find(({ hold }) => hold);
      if (held) held.hold?.decide(true, resolve);
      else resolve(false);
    });
  }

  /** What was cut off is over, and so is what waited to be said after it. Gives whether the application wanted it said. */
  letGo(): boolean {
    const held = [...this.#places].find(({ hold }) => hold && !hold.decided);
    if (!held?.hold) return false;
    held.hold.decide(false);
    for (const { utterance } of held.hold.followers) if (!utterance.audible) utterance.silence("barge_in");
    return !held.answer;
  }

  /** What was to be taken up again and is not audible yet is not said: the caller was faster. */
  dropUnheard(): void {
    for (const { hold, utterance } of this.#places) if (hold && !utterance.audible) utterance.silence("barge_in");
  }

  /** Resolves when what has been asked for so far is spoken, or cut off, and told. */
  get done(): Promise<void> {
    return this.#queue.then(() => {});
  }

  close(reason: string): void {
    this.#closed = true;
    this.silence(reason);
  }

  /** Speaks a text, and goes on with it as often as it is taken up again. */
  async #speakWhole(place: Place, text: AsyncIterable<string>, options: SpeakOptions): Promise<SpokenUtterance> {
    const { signal, tones, presses } = options;
    const onAbort = (): void => {
      const { utterance, hold } = place;
      hold?.decide(false);
      if (!utterance.silenced) utterance.silence("cancelled", utterance.audible ? this.#clear() : undefined);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const held = new HeldText(text);
    try {
      const first = place.utterance;
      if (presses || tones) {
        const spoken = await (presses ? first.press(presses) : first.speak(held));
        if (spoken.audible) this.#options.connection.send({ type: "utterance", id: spoken.utterance, phase: "end" });
        return spoken;
      }
      let source = held;
      place.source = source;
      let part = await first.speak(source);
      let whole = joined(place.before, part);
      for (let stutters = 0; ; ) {
        const { utterance, hold } = place;
        const rest = part.unheard + source.read.slice(utterance.taken);
        const id: UtteranceId = place.before.id ?? part.utterance;
        const revision: number = place.before.revision + utterance.revision;
        const { playedMs, confidence } = whole.record;
        place.before = { id, text: whole.heard, revision, playedMs, confidence };
        this.#report(part, options.correlationId, hold ? undefined : () => this.#show(id, revision, whole));
        if (!hold) break;
        const resumes = part.reason === "barge_in" && (await hold.verdict) && stutters <= MAX_STUTTERS;
        if (!resumes || signal.aborted || this.#closed || (rest.trim() === "" && source.over)) {
          hold.goesOn(false);
          this.#show(id, revision, whole);
          break;
        }
        source = new HeldText(followedBy(rest, source));
        place.source = source;
        place.utterance = this.#open({ ...options, tts: undefined }, place.before, () => hold.goesOn(true));
        part = await place.utterance.speak(source);
        hold.goesOn(part.audible);
        if (place.hold === hold) place.hold = undefined;
        stutters = part.heard === "" ? stutters + 1 : 0;
        whole = joined(place.before, part);
      }
      return whole;
    } finally {
      held.release();
      signal.removeEventListener("abort", onAbort);
      this.#places.delete(place);
    }
  }

  #clear(): HeardReport {
    const report = this.#options.connection.clear();
    this.#options.pipeline.clearOutbound();
    return report;
  }

  /** @param before what was heard of the text already. */
  #open(options: SpeakOptions, before: Before, onAudible?: () => void): Utterance {
    const { room, settings, session, connection, pipeline, floor } = this.#options;
    const { roomId } = session;
    const id = room.ids("utt");
    const { id: shownAs = id, text: shown, revision: first } = before;
    return new Utterance(id, {
      connection,
      pipeline,
      floor: options.tones ? FREE : floor,
      clock: room.clock,
      tts: options.tts ?? settings.tts,
      voice: options.voice ?? settings.voice,
      language: settings.language,
      speed: settings.speed,
      onFallback: (change) => room.emit("provider_fallback", { roomId, ...change }),
      sentences: settings.sentences,
      filter: settings.speechFilter ?? speakable,
      maxQueuedMs: settings.maxQueuedMs,
      ttsTimeoutMs: settings.ttsTimeoutMs,
      beforeSpeaking: async (piece) => {
        const allowed = await this.#hooked(piece, id);
        if (allowed) this.#options.onSpoken(allowed.spoken);
        return allowed;
      },
      onAudible: () => {
        connection.send({ type: "utterance", id, phase: "start" });
        onAudible?.();
        if (options.tones) return;
        room.note?.({ type: "utterance-start", utterance: id });
        this.#options.onAudible(id, options);
      },
      onSynthesized: () => {
        if (!options.tones) this.#options.onSynthesized(options.correlationId);
      },
      onShown: (text, revision) =>
        connection.send({
          ...{ type: "transcript", id: shownAs, role: "assistant" },
          ...{ text: joinTexts([shown, text]), final: false, revision: first + revision },
        }),
    });
  }

  /** A piece as its hooks leave it; undefined: it is not said. */
  async #hooked(piece: SpokenPiece, utterance: UtteranceId): Promise<SpokenPiece | undefined> {
    const { room, session } = this.#options;
    const { roomId } = session;
    const written = piece.written.trim();
    if (written === "" || !room.hasHooks("BEFORE_TTS", roomId)) return piece;
    const payload = { session, roomId, text: piece.spoken, written, utterance };
    const { allowed, payload: left } = await room.runHooks("BEFORE_TTS", payload);
    return allowed ? withWritten(withSpoken(piece, left.text), left.written) : undefined;
  }

  /** Tells that an utterance is over, whatever becomes of its text; `show` shows that, where it is known. */
  #report(spoken: SpokenUtterance, correlationId: string | undefined, show?: () => void): void {
    const { utterance: id, audible, error } = spoken;
    if (error !== undefined) this.#reportFailure(error);
    if (audible) this.#options.connection.send({ type: "utterance", id, phase: "end" });
    show?.();
    if (audible) this.#options.onEnd(id, correlationId);
    tellEnd(this.#options, { ...spoken, turnId: correlationId });
  }

  /** Shows what became of a text, once nothing more of it will be said. */
  #show(id: UtteranceId, revision: number, { text, heard, unheard, audible, record }: SpokenUtterance): void {
    // What there was nothing to say of is shown all the same.
    if (!audible && heard === "") return;
    const shown = { type: "transcript", id, role: "assistant", text, final: true, revision } as const;
    // Also when a voice failed: nobody interrupted, and yet the rest was not heard.
    this.#options.connection.send(record.interrupted || unheard !== "" ? { ...shown, heard } : shown);
  }

  #reportFailure(thrown: unknown): void {
    const { room, session, connection } = this.#options;
    const error = RoomKitError.from(thrown, "tts_failed");
    if (error.code === "connection_closed" || error.code === "aborted") return;
    room.logger.warn({ session: session.id, ...errorFields(thrown) }, "an answer could not be spoken");
    room.emit("tts_error", { session, error });
    room.notifyHooks("ON_ERROR", { roomId: session.roomId, where: "tts", error });
    connection.send({ type: "error", code: "tts_failed", message: "The answer could not be spoken.", retryable: true });
  }
}

async function* followedBy(first: string, more: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  if (first !== "") yield first;
  yield* more;
}
