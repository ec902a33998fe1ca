import { AbortScope, afterSilence, frameDurationMs, RoomKitError, silence, type Unsubscribe } from "@roomkit/core";
import { SpeechFeed } from "./feed.ts";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { StreamRestarts } from "./restarts.ts";
import { StreamTurns } from "./stream-turns.ts";

/** Recogniser without turn detection: a final and then silence for so long end the segment. */
const QUIET_MS = 700;
/** How long the last word of a turn may be late: a recogniser may end a turn before it has settled what was said. */
const LATE_MS = 700;
/** A word may come so long after its turn was told and still belong to that: what was told is not told twice. */
const MEMORY_MS = 3_000;
/** Without audio for so long in the middle of speech, silence is assumed: the client has muted, or its network is gone. */
const GAP_MS = 400;
/** A turn goes on in the next recogniser stream when that one says anything within this time. */
const NEXT_STREAM_MS = 2_000;
/** Waits between attempts to reach a failing recogniser, in ms: more than two minutes of them. */
const BACK_OFF_MS = [100, 500, 2_000, 8_000, 30_000, 30_000, 30_000, 30_000];
/** Frames given again to the next stream when one ended without a word. */
const MAX_REPLAY = 500;

type Wait = "quiet" | "late" | "memory" | "gap" | "stall";

/**
 * Listens through one long recogniser stream that takes the turns itself (or, where it only transcribes, by its finals and the
 * quiet after them). For pipelines without a VAD and for recognisers that are better at turns than a VAD.
 */
export class StreamHearing implements Hearing {
  readonly #options: HearingOptions;
  readonly #stop: Unsubscribe;
  readonly #scope = new AbortScope();
  readonly #feed: SpeechFeed;
  readonly #turns: StreamTurns;
  readonly #waits = new Map<Wait, () => void>();
  /** The segment begun last. */
  #segment = 0;
  #retired = false;
  #startedAt = 0;
  #position = 0;
  /** The pipeline is being given silence in place of audio that does not come. */
  #filling = false;
  /** How much of it so far, in ms. */
  #filledMs = 0;
  speechEndedAt: number | undefined;
  speechMs = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#feed = new SpeechFeed({ maxFrames: options.maxFrames, maxReplay: MAX_REPLAY });
    const { dispatch } = options;
    this.#turns = new StreamTurns(options.stt.capabilities.turnDetection, {
      onBegin: () => {
        this.#startedAt = this.#position;
        this.#segment = options.nextSegment();
        options.onSpeechStart(this.#segment, this.#position);
        dispatch({ type: "speech-start", segment: this.#segment, elapsedMs: 0 });
        this.#watchForGap();
      },
      onWords: (text) => {
        dispatch({ type: "partial", segment: this.#segment, text });
        // Words were heard: that it is speech needs no other proof.
        dispatch({ type: "speech-progress", segment: this.#segment, speechMs: Number.POSITIVE_INFINITY });
      },
      onEnd: () => {
        for (const wait of ["quiet", "stall", "gap"] as const) this.#cancel(wait);
        this.speechEndedAt = options.clock.now();
        this.speechMs = this.#position - this.#startedAt;
        options.onSpeechEnd(this.#segment, this.#position, this.speechMs);
        this.#wait("late", LATE_MS, () => this.#turns.settle());
        dispatch({ type: "speech-end", segment: this.#segment });
      },
      onGuess: options.onGuess,
      onText: (text) => {
        this.#cancel("late");
        this.#wait("memory", MEMORY_MS, () => this.#turns.forget());
        dispatch({ type: "transcript", segment: this.#segment, text });
      },
    });
    this.#stop = options.pipeline.on("frame", ({ frame }) => {
      this.#position = frame.timestamp + frameDurationMs(frame);
      options.onAudio(frame);
      this.#feed.push(frame);
      if (!this.#filling) this.#watchForGap();
    });
    void this.#run();
    const { streaming, turnDetection } = options.stt.capabilities;
    if (!streaming && !turnDetection)
      options.onError(
        new RoomKitError(
          "stt_unavailable",
          "nothing tells where speech ends: no VAD, and a recogniser of whole recordings",
        ),
      );
  }

  finish(): void {
    // The turn is over here when that is said: its words follow when they are settled.
  }

  drop(segment: number): void {
    if (segment !== this.#segment) return;
    for (const wait of this.#waits.keys()) this.#cancel(wait);
    this.#turns.drop();
  }

  pause(): void {
    if (this.#turns.state === "open") this.#fillGap();
  }

  retire(): void {
    this.#stop();
    this.#retired = true;
    this.#feed.end();
  }

  close(): void {
    this.#stop();
    for (const wait of this.#waits.keys()) this.#cancel(wait);
    this.#turns.drop();
    this.#scope.abort(new RoomKitError("aborted", "the session is over"));
    this.#feed.end();
    this.#feed.close();
    this.#feed.clear();
  }

  async #run(): Promise<void> {
    const { clock, onError } = this.#options;
    const restarts = new StreamRestarts(BACK_OFF_MS);
    const { signal } = this.#scope;
    while (!signal.aborted) {
      const openedAt = clock.now();
      let spoke = false;
      let failure: RoomKitError | undefined;
      try {
        await this.#recognise(() => {
          spoke = true;
        });
      } catch (error) {
        failure = RoomKitError.from(error, "stt_failed");
      }
      if (signal.aborted) return;
      if (failure) onError(failure);
      const { readMs } = this.#feed;
      if (this.#retired) {
        this.#turns.streamOver();
        this.#turns.end();
        return;
      }
      const waitMs = restarts.next({ spoke: spoke && !failure, readMs, lastedMs: clock.now() - openedAt });
      this.#turns.streamOver();
      if (waitMs === undefined) {
        this.#turns.end();
        this.#feed.end();
        this.#feed.clear();
        onError(restarts.gaveUp(failure));
        return;
      }
      // Nothing was said of what it read: the next one shall hear it. Otherwise only what it did not read.
      if (spoke) this.#feed.forget();
      else this.#feed.rewind();
      if (this.#turns.state === "open") this.#wait("quiet", waitMs + NEXT_STREAM_MS, () => this.#turns.end());
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }

  async #recognise(onPart: () => void): Promise<void> {
    const { stt, hints } = this.#options;
    const scope = this.#scope.child();
    try {
      const parts = stt.transcribe(this.#feed.open(), { ...hints, signal: scope.signal });
      for await (const part of parts) {
        if (scope.aborted) return;
        onPart();
        this.#feed.forget();
        this.#turns.take(part);
        if (this.#turns.state === "open") this.#watchFor(part.type);
      }
    } finally {
      this.#feed.close();
      scope.abort();
    }
  }

  /** An open turn ends by itself when nothing is heard of it any more. */
  #watchFor(part: string): void {
    const { stt, finalTimeoutMs } = this.#options;
    this.#cancel("quiet");
    this.#wait("stall", finalTimeoutMs, () => this.#turns.end());
    if (part === "final" && !stt.capabilities.turnDetection) this.#wait("quiet", QUIET_MS, () => this.#turns.end());
  }

  #watchForGap(): void {
    this.#filledMs = 0;
    if (this.#turns.state === "open") this.#wait("gap", GAP_MS, () => this.#fillGap());
    else this.#cancel("gap");
  }

  /** The audio has stopped in the middle of a turn: silence for the recogniser to end it by, and an end if it does not. */
  #fillGap(): void {
    this.#filling = true;
    this.#options.pipeline.processInbound(silence(this.#options.inbound, GAP_MS, this.#position));
    this.#filling = false;
    this.#filledMs += GAP_MS;
    if (this.#filledMs > QUIET_MS) this.#turns.end();
    else if (this.#turns.state === "open") this.#wait("gap", GAP_MS, () => this.#fillGap());
  }

  #wait(what: Wait, ms: number, then: () => void): void {
    this.#cancel(what);
    this.#waits.set(
      what,
      afterSilence(this.#options.clock, ms, () => {
        this.#waits.delete(what);
        then();
      }),
    );
  }

  #cancel(what: Wait): void {
    this.#waits.get(what)?.();
    this.#waits.delete(what);
  }
}
