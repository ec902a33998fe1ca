import type { CandidateRequest, IceCandidate, OfferRequest, SignalRequest } from "../messages/signal.ts";
import { countField, defined, helloFields, idField, optionalString, stringField } from "./fields.ts";
import { asObject, type Fields, parseObject } from "./json.ts";
import { attempt, Malformed, type ParseResult } from "./result.ts";

export interface SignalLimits {
  /** Characters of the whole body. */
  readonly maxBodyLength: number;
  readonly maxSdpLength: number;
  readonly maxCandidateLength: number;
}

export const defaultSignalLimits: SignalLimits = {
  maxBodyLength: 64 * 1024,
  maxSdpLength: 32 * 1024,
  maxCandidateLength: 1_024,
};

/**
 * Reads the body of a WebRTC offer or candidate POST. Never throws. It checks the envelope only: what stands inside the SDP and
 * the candidate is the transport's to judge.
 */
export function parseSignalRequest(
  text: string,
  limits: SignalLimits = defaultSignalLimits,
): ParseResult<SignalRequest> {
  return attempt(() => {
    if (typeof text !== "string") throw new Malformed("bad_message", "a body is text");
    const fields = parseObject(text, { maxMessageBytes: limits.maxBodyLength, maxDepth: 8 });
    if (fields.type === "ice-candidate") return readCandidate(fields, limits);
    if (fields.type === "offer") return readOffer(fields, limits);
    throw new Malformed("unknown_event", "type is offer or ice-candidate");
  });
}

/** Says that there are no more candidates; the last two are the words of SDP (RFC 8840, 8.2). */
const ENDS: readonly unknown[] = [undefined, null, "", "end-of-candidates", "a=end-of-candidates"];

function isEnd(value: unknown): boolean {
  return ENDS.includes(typeof value === "string" ? value.trim() : value);
}

function readOffer(fields: Fields, limits: SignalLimits): OfferRequest {
  return defined<OfferRequest>({
    type: "offer",
    sdp: stringField(fields, "sdp", limits.maxSdpLength),
    webrtc_id: idField(fields, "webrtc_id"),
    ...helloFields(fields),
  });
}

function readCandidate(fields: Fields, limits: SignalLimits): CandidateRequest {
  // Browsers end with an event whose candidate is null, or with one whose text is empty; pages post either, or leave it out.
  const candidate = isEnd(fields.candidate) ? {} : asObject(fields.candidate, "candidate");
  return {
    type: "ice-candidate",
    webrtc_id: idField(fields, "webrtc_id"),
    candidate: defined<IceCandidate>({
      candidate: isEnd(candidate.candidate) ? "" : stringField(candidate, "candidate", limits.maxCandidateLength),
      // Browsers write null for what they do not know.
      sdpMid: candidate.sdpMid === null ? undefined : optionalString(candidate, "sdpMid", 64),
      sdpMLineIndex:
        candidate.sdpMLineIndex === undefined || candidate.sdpMLineIndex === null
          ? undefined
          : countField(candidate, "sdpMLineIndex", 0xff_ff),
    }),
  };
}
