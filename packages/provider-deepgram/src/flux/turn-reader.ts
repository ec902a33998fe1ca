import type { TranscriptPart } from "@roomkit/core";
import { streamError } from "../connection/errors.ts";
import type { MessageReader } from "../live/listen-live.ts";

/** What is read of a message; anything may be missing. */
interface TurnInfo {
  readonly type?: string | undefined;
  readonly event?: string | undefined;
  /** All that was said in the turn so far. */
  readonly transcript?: string | undefined;
  readonly words?: readonly { readonly confidence?: number | undefined }[] | undefined;
  readonly end_of_turn_confidence?: number | undefined;
  readonly languages?: readonly string[] | undefined;
}

/** Puts Flux's events on turns into parts: the text of a turn is a partial until the turn has ended, then one final. */
export class TurnReader implements MessageReader {
  /** Nothing says so: the vendor closes when it has said all. */
  readonly done: boolean = false;
  #state: "none" | "open" | "eager" = "none";
  /** What is known of the turn that has not ended. */
  #last: TurnInfo | undefined;
  #shown = "";
  #connected = false;

  read(message: unknown): TranscriptPart[] {
    const info = message as TurnInfo;
    if (info.type === "Error") throw streamError(message as object);
    if (info.type === "Connected") this.#connected = true;
    if (info.type !== "TurnInfo") return [];
    switch (info.event) {
      case "StartOfTurn":
        return [...this.#start(), ...this.#partial(info)];
      case "Update":
        // Outside of a turn it is late, or no turn yet: words that no turn ends would be a caller who never stops.
        return this.#state === "none" ? [] : this.#partial(info);
      case "EagerEndOfTurn": {
        const before = [...this.#start(), ...this.#partial(info)];
        this.#state = "eager";
        return [...before, { type: "turn-end", eager: true, ...confidenceOf(info) }];
      }
      case "TurnResumed":
        return [...this.#resume(), ...this.#partial(info)];
      case "EndOfTurn": {
        const before = this.#start();
        this.#state = "none";
        return [...before, ...this.#final(info), { type: "turn-end", eager: false, ...confidenceOf(info) }];
      }
      default:
        return [];
    }
  }

  /** A turn that the end of the audio cut off gets no end of its own: what was said of it last is final. */
  end(): TranscriptPart[] | undefined {
    return this.#connected ? this.#final(this.#last) : undefined;
  }

  #start(): TranscriptPart[] {
    if (this.#state !== "none") return [];
    this.#state = "open";
    return [{ type: "turn-start" }];
  }

  #resume(): TranscriptPart[] {
    if (this.#state !== "eager") return this.#start();
    this.#state = "open";
    return [{ type: "turn-resumed" }];
  }

  #partial(info: TurnInfo): TranscriptPart[] {
    const text = textOf(info);
    this.#last = info;
    if (text === this.#shown) return [];
    this.#shown = text;
    return [{ type: "partial", text }];
  }

  #final(info: TurnInfo | undefined): TranscriptPart[] {
    this.#last = undefined;
    this.#shown = "";
    const text = textOf(info);
    if (text === "") return [];
    const rated = (info?.words ?? []).flatMap(({ confidence }) => (confidence === undefined ? [] : [confidence]));
    const language = info?.languages?.[0];
    return [
      {
        type: "final",
        text,
        ...(rated.length === 0 ? {} : { confidence: rated.reduce((sum, each) => sum + each, 0) / rated.length }),
        language,
      },
    ];
  }
}

function textOf(info: TurnInfo | undefined): string {
  return info?.transcript?.trim() ?? "";
}

function confidenceOf({ end_of_turn_confidence: confidence }: TurnInfo): { confidence?: number | undefined } {
  return confidence === undefined ? {} : { confidence };
}
