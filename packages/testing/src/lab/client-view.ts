import type { ConnectionMessage } from "@roomkit/core";
import type { LabTrace } from "./trace.ts";

type Message<T extends ConnectionMessage["type"]> = Extract<ConnectionMessage, { type: T }> & { readonly atMs: number };

/** A turn of the caller's, as the client was shown it. */
export interface ShownTurn {
  readonly text: string;
  /** When its final transcript was there, ms of the call. */
  readonly atMs: number;
}

/** What a page would show: everything the server told the client, with the time it arrived, ms of the call. */
export class ClientView {
  /** Oldest first. */
  readonly messages: Message<ConnectionMessage["type"]>[] = [];
  /** Messages of the application's own. */
  readonly raw: unknown[] = [];
  /** Keys that the other side pressed. */
  readonly pressed: string[] = [];
  readonly #trace: LabTrace;

  constructor(trace: LabTrace) {
    this.#trace = trace;
  }

  /** Who has the floor; undefined before the server has said. */
  get state(): "listening" | "thinking" | "speaking" | undefined {
    return this.of("state").at(-1)?.state;
  }

  /** The caller's turns so far. */
  get turns(): ShownTurn[] {
    return this.of("transcript").flatMap(({ role, final, text, atMs }) =>
      role === "user" && final ? [{ text, atMs }] : [],
    );
  }

  /** The newest guess at what the caller is saying; empty when their turn is known. */
  get partial(): string {
    const last = this.of("transcript").findLast(({ role }) => role === "user");
    return last && !last.final ? last.text : "";
  }

  /** What was told of one kind. */
  of<T extends ConnectionMessage["type"]>(type: T): Message<T>[] {
    return this.messages.filter((message): message is Message<T> => message.type === type);
  }

  take(message: ConnectionMessage, atMs: number): void {
    this.messages.push({ ...message, atMs });
    const told = this.#told(message);
    if (told) this.#trace.note(atMs, "client", told.what, told.details);
  }

  #told(message: ConnectionMessage): { what: string; details?: Readonly<Record<string, unknown>> } | undefined {
    switch (message.type) {
      case "state":
        return { what: "state", details: { state: message.state } };
      case "transcript": {
        const { role, text, final, heard, speaker } = message;
        return { what: final ? "final" : "partial", details: { role, text, heard, speaker } };
      }
      case "utterance":
        return { what: `utterance ${message.phase}`, details: { utterance: this.#trace.name("u", message.id) } };
      case "interrupted": {
        const { heard, unheard } = message;
        return {
          what: "interrupted",
          details: { utterance: this.#trace.name("u", message.utterance), heard, unheard },
        };
      }
      case "dismissed":
        return { what: "dismissed", details: { cause: message.cause, resumed: message.resumed } };
      case "metrics": {
        const { turnId, ...turn } = message.turn;
        return { what: "metrics", details: { turn: this.#trace.name("t", turnId), ...turn } };
      }
      case "error":
        return { what: "error", details: { code: message.code } };
      case "data":
        return { what: "data", details: { name: message.name } };
      case "level":
        return undefined;
    }
  }
}
