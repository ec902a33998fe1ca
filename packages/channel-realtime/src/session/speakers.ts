import { type SpeechStretch, TurnSpeakers } from "@roomkit/call";
import { type Clock, frameDurationMs, type PipelineStream, type Unsubscribe } from "@roomkit/core";

/** A vendor tells of speech so much later than it began, at most, ms of the caller's audio. */
const TOLD_LATE_MS = 500;
/** Words of speech that no vendor told of are of the last so many ms, at most. */
const UNTOLD_MS = 30_000;

/** Who says the caller's words, by the diarizer of the pipeline in front of a provider that only tells roughly when they speak. */
export class RealtimeSpeakers {
  readonly #speakers: TurnSpeakers;
  readonly #stop: Unsubscribe[];
  #count = 0;
  /** Where the newest audio ends, capture clock, ms. */
  #position = 0;
  /** Where the speech before ended. */
  #after = Number.NEGATIVE_INFINITY;

  constructor(pipeline: PipelineStream, clock: Clock) {
    this.#speakers = new TurnSpeakers({ clock, settle: () => pipeline.settleSpeaker?.() });
    this.#stop = [
      pipeline.on("frame", ({ frame }) => {
        this.#position = frame.timestamp + frameDurationMs(frame);
      }),
      pipeline.on("speaker", (event) => this.#speakers.heard(event)),
    ];
  }

  /** Speech has begun; `told`: just now. */
  begin(told: boolean): { readonly end: () => SpeechStretch } {
    const id = ++this.#count;
    const from = Math.max(this.#after, this.#position - (told ? TOLD_LATE_MS : UNTOLD_MS));
    const stretch = this.#speakers.begin(id, from);
    let over = false;
    return {
      end: () => {
        if (over) return stretch;
        over = true;
        this.#after = this.#position;
        this.#speakers.end(id, this.#position);
        return stretch;
      },
    };
  }

  /** Whose words those of this stretch are; see {@link TurnSpeakers.of}. */
  async of(stretch: SpeechStretch, signal: AbortSignal): Promise<string | undefined> {
    const speaker = await this.#speakers.of([stretch], signal);
    this.#speakers.taken([stretch]);
    return speaker;
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }
}
