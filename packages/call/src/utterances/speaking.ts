import {
  type DtmfPress,
  errorFields,
  type HeardReport,
  type PipelineStream,
  RoomKitError,
  type TtsProvider,
  type UtteranceId,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import type { Floor } from "../session/floor.ts";
import { speakable } from "../speech/filter/speakable.ts";
import { withSpoken, withWritten } from "../speech/respeak.ts";
import { tellEnd } from "./tell-end.ts";
import { type SpokenUtterance, Utterance } from "./utterance.ts";

export interface SpeakOptions {
  /** Cancels this utterance. */
  readonly signal: AbortSignal;
  readonly voice?: string | undefined;
  /** Another source of audio than the call's voice. */
  readonly tts?: TtsProvider | undefined;
  /** They are touch tones: no speech, nobody's words, and not to be waited with until the other side is silent. */
  readonly tones?: boolean | undefined;
  /** Keys to press, as events beside the audio: all that is sent, instead of any audio. */
  readonly presses?: readonly DtmfPress[] | undefined;
  /** The turn it answers. */
  readonly correlationId?: string | undefined;
}

export interface SpeakingOptions {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly pipeline: PipelineStream;
  readonly floor: Floor;
  /** Here and below: `correlationId` as it was given to `speak`. */
  readonly onAudible: (utterance: UtteranceId, correlationId: string | undefined) => void;
  readonly onSynthesized: (correlationId: string | undefined) => void;
  readonly onEnd: (utterance: UtteranceId, correlationId: string | undefined) => void;
}

/** The floor of who may send at any time. */
const FREE: Floor = { free: true, wait: async () => true };

/** One utterance, speaking or waiting. */
interface Place {
  readonly answer: boolean;
  /** Asked for while the caller spoke: what they said was no reply to it. */
  readonly patient: boolean;
  spoken: Promise<SpokenUtterance> | undefined;
}

/** Everything said to one listener, one utterance after the other. */
export class Speaking {
  readonly #options: SpeakingOptions;
  #queue: Promise<unknown> = Promise.resolve();
  /** Speaking and waiting. */
  readonly #utterances = new Map<Utterance, Place>();
  /** What was left unsaid when the caller's speech cut it off. */
  #cut: Promise<string> = Promise.resolve("");
  #closed = false;

  constructor(options: SpeakingOptions) {
    this.#options = options;
  }

  /** Speaks when it is its turn. Resolves with what was heard; nothing of it when it was silenced before it began. @throws RoomKitError `queue_full`. */
  speak(text: AsyncIterable<string>, options: SpeakOptions): Promise<SpokenUtterance> {
    const { room, settings, floor } = this.#options;
    if (this.#utterances.size > settings.maxUtterances) {
      return Promise.reject(
        new RoomKitError("queue_full", `more than ${settings.maxUtterances} utterances are waiting`, {
          retryable: true,
        }),
      );
    }
    const utterance = this.#open(room.ids("utt"), options);
    const place: Place = { answer: options.correlationId !== undefined, patient: !floor.free, spoken: undefined };
    this.#utterances.set(utterance, place);
    if (this.#closed) utterance.silence("closed");
    const spoken = this.#queue.then(() => this.#speakNow(utterance, text, options));
    place.spoken = spoken;
    this.#queue = spoken.catch(() => {});
    return spoken;
  }

  /** Whether anything is being spoken, or waits to be. */
  get busy(): boolean {
    return [...this.#utterances.keys()].some((utterance) => !utterance.silenced);
  }

  /**
   * Silences the listener now; what waits to be spoken is not spoken either. Except, when it is the caller who says something, what
   * the application wants said and they have not reacted to: because nothing was audible, or because it was asked for while they spoke.
   */
  silence(reason: string): void {
    const report = this.#clear();
    const byCaller = reason === "barge_in" || reason === "text_input";
    const audible = [...this.#utterances.keys()].find((each) => each.audible && !each.silenced);
    const cut = audible && this.#utterances.get(audible)?.spoken;
    this.#cut = reason === "barge_in" && cut ? cut.then(({ unheard }) => unheard) : Promise.resolve("");
    for (const [utterance, { answer, patient }] of this.#utterances) {
      const kept = byCaller && !answer && !utterance.audible && (patient || !audible);
      if (!kept) utterance.silence(reason, report);
    }
  }

  /** What the caller's speech cut off last and has not been taken up again; empty when there is none. */
  takeUnsaid(): Promise<string> {
    const cut = this.#cut;
    this.#cut = Promise.resolve("");
    return cut.catch(() => "");
  }

  /** Resolves when what has been asked for so far is spoken, or cut off, and told. */
  get done(): Promise<void> {
    return this.#queue.then(() => {});
  }

  close(reason: string): void {
    this.#closed = true;
    this.silence(reason);
  }

  async #speakNow(
    utterance: Utterance,
    text: AsyncIterable<string>,
    { signal, correlationId, tones, presses }: SpeakOptions,
  ): Promise<SpokenUtterance> {
    const onAbort = (): void => {
      if (!utterance.silenced) utterance.silence("cancelled", utterance.audible ? this.#clear() : undefined);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      const spoken = await (presses ? utterance.press(presses) : utterance.speak(text));
      if (tones) this.#reportTones(spoken);
      else this.#report(utterance, spoken, correlationId);
      return spoken;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#utterances.delete(utterance);
    }
  }

  #clear(): HeardReport {
    const report = this.#options.connection.clear();
    this.#options.pipeline.clearOutbound();
    return report;
  }

  #open(id: UtteranceId, options: SpeakOptions): Utterance {
    const { room, settings, session, connection, pipeline, floor } = this.#options;
    const { roomId } = session;
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
        const written = piece.written.trim();
        if (written === "" || !room.hasHooks("BEFORE_TTS", roomId)) return piece;
        const payload = { session, roomId, text: piece.spoken, written, utterance: id };
        const outcome = await room.runHooks("BEFORE_TTS", payload);
        if (!outcome.allowed) return undefined;
        return withWritten(withSpoken(piece, outcome.payload.text), outcome.payload.written);
      },
      onAudible: () => {
        connection.send({ type: "utterance", id, phase: "start" });
        if (options.tones) return;
        room.note?.({ type: "utterance-start", utterance: id });
        this.#options.onAudible(id, options.correlationId);
      },
      onSynthesized: () => {
        if (!options.tones) this.#options.onSynthesized(options.correlationId);
      },
      onShown: (text, revision) =>
        connection.send({ type: "transcript", id, role: "assistant", text, final: false, revision }),
    });
  }

  #report(utterance: Utterance, spoken: SpokenUtterance, correlationId: string | undefined): void {
    const { connection } = this.#options;
    const { utterance: id, heard, unheard, text, record } = spoken;
    if (spoken.error !== undefined) this.#reportFailure(spoken.error);
    // What there was nothing to say of is shown all the same.
    if (spoken.audible || heard !== "") {
      const shown = {
        type: "transcript",
        id,
        role: "assistant",
        text,
        final: true,
        revision: utterance.revision,
      } as const;
      if (spoken.audible) connection.send({ type: "utterance", id, phase: "end" });
      // Also when a voice failed: nobody interrupted, and yet the rest was not heard.
      connection.send(record.interrupted || unheard !== "" ? { ...shown, heard } : shown);
      if (spoken.audible) this.#options.onEnd(id, correlationId);
    }
    tellEnd(this.#options, spoken);
  }

  /** Of tones only their client is told, which plays them: they are nothing that was said. */
  #reportTones({ utterance: id, audible }: SpokenUtterance): void {
    if (audible) this.#options.connection.send({ type: "utterance", id, phase: "end" });
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
