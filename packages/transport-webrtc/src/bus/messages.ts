import { type CandidateRequest, type OfferRequest, parseSignalRequest } from "@roomkit/protocol";

/** What processes tell each other of signalling: each message says its version, and one of another version is left alone. */
const VERSION = 1;

/** A request that one process took, for whichever has its call. */
export interface AskMessage {
  readonly type: "ask";
  readonly id: string;
  /** Who waits for the answer. */
  readonly from: string;
  readonly request: CandidateRequest | OfferRequest;
  /** Who asked, as authentication saw it there: a digest. The call's process compares it. */
  readonly identity: string;
  /** Where the HTTP request came from. */
  readonly address: string;
}

/** What may be said of a request elsewhere; `success` is final, the others are of a process that may not be the only one. */
export type Verdict = "success" | "forbidden" | "connection_closed" | "refused";

export interface AnswerMessage {
  readonly type: "answer";
  readonly id: string;
  readonly from: string;
  readonly verdict: Verdict;
  /** To an offer that was taken. */
  readonly sdp?: string | undefined;
}

const VERDICTS: readonly unknown[] = ["success", "forbidden", "connection_closed", "refused"];
/** Of a name or an address, characters. */
const MAX_TEXT = 512;

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT;

/** As it goes over the bus. A request is text, so that it is read there as one that came by HTTP. */
export function busMessage(told: AskMessage | AnswerMessage): object {
  if (told.type === "answer") return { v: VERSION, ...told };
  return { v: VERSION, ...told, request: JSON.stringify(told.request) };
}

/** What came over the bus; undefined: nothing that can be understood. */
export function parseMessage(data: unknown): AskMessage | AnswerMessage | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { v, type, id, from, verdict, sdp, request, identity, address } = data as Record<string, unknown>;
  if (v !== VERSION || !isText(id) || !isText(from)) return undefined;
  if (type === "answer") {
    if (!VERDICTS.includes(verdict) || (sdp !== undefined && typeof sdp !== "string")) return undefined;
    return { type, id, from, verdict: verdict as Verdict, sdp };
  }
  if (type !== "ask" || typeof request !== "string" || !isText(identity)) return undefined;
  // A web-standard server may not know it.
  if (typeof address !== "string" || address.length > MAX_TEXT) return undefined;
  const parsed = parseSignalRequest(request);
  return parsed.ok ? { type, id, from, request: parsed.message, identity, address } : undefined;
}
