import { keepNewest, type RealtimeEvent } from "@roomkit/core";

export type ResponseStatus = Extract<RealtimeEvent, { type: "response-end" }>["status"];

/** One response of the vendor. */
export interface Response {
  readonly id: string;
  /** How it ended at the vendor; undefined while it goes on. */
  ended: ResponseStatus | undefined;
  /** Somebody broke in, or the call is over: what is not heard by now is heard by nobody. */
  cut: boolean;
}

/** Responses and items remembered, for what comes late of them. */
const MAX_REMEMBERED = 64;

/**
 * Which response an item belongs to, in whatever order the vendor tells of them: an item stays with the response it was first
 * mentioned with; a response is there from its first mention on, be that its beginning, its audio, its words or its end.
 */
export class Responses {
  /** In the order of their beginning. */
  readonly #responses = new Map<string, Response>();
  readonly #ofItem = new Map<string, Response>();

  /** The newest response, while it is under way and not cut off. */
  get open(): Response | undefined {
    const newest = [...this.#responses.values()].at(-1);
    return newest && newest.ended === undefined && !newest.cut ? newest : undefined;
  }

  /** Whether this is its first mention. */
  begin(id: string): boolean {
    const known = this.#responses.has(id);
    this.#response(id);
    return !known;
  }

  /** Undefined when it had ended before. */
  end(id: string, status: ResponseStatus): Response | undefined {
    const response = this.#response(id);
    if (response.ended !== undefined) return undefined;
    response.ended = status;
    return response;
  }

  /** The response of an item; `responseId` where the vendor names it. */
  of(itemId: string, responseId?: string): Response {
    let response = this.#ofItem.get(itemId);
    if (!response) {
      const all = [...this.#responses.values()];
      // Some vendors have one item in each response, and one id for both.
      const named = responseId ?? (this.#responses.has(itemId) ? itemId : undefined);
      const implied =
        named === undefined ? (all.findLast(({ ended }) => ended === undefined) ?? all.at(-1)) : undefined;
      response = implied ?? this.#response(named ?? itemId);
      remember(this.#ofItem, itemId, response);
    }
    return response;
  }

  /** Nothing more of any of them is heard. */
  cut(): void {
    for (const response of this.#responses.values()) response.cut = true;
  }

  #response(id: string): Response {
    let response = this.#responses.get(id);
    if (!response) {
      response = { id, ended: undefined, cut: false };
      remember(this.#responses, id, response);
    }
    return response;
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  keepNewest(map, MAX_REMEMBERED);
}
