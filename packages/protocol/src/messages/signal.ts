import type { AudioSpec } from "./audio.ts";

/** Body of `POST {path}/webrtc/offer`. */
export type SignalRequest = OfferRequest | CandidateRequest;

/** Opens a peer connection. */
export interface OfferRequest {
  readonly type: "offer";
  readonly sdp: string;
  /** What the client calls the connection: a label, never a credential. */
  readonly webrtc_id: string;
  /** `1` asks for v1. */
  readonly protocol?: 1 | undefined;
  /** v1: as in `start`; concerns audio over the data channel. */
  readonly audio?: { readonly send?: AudioSpec | undefined; readonly receive?: AudioSpec | undefined } | undefined;
  /** v1: the token of the session this connection continues. */
  readonly resume?: string | undefined;
  readonly client?: { readonly name?: string | undefined; readonly version?: string | undefined } | undefined;
}

/** One trickled ICE candidate. */
export interface CandidateRequest {
  readonly type: "ice-candidate";
  readonly webrtc_id: string;
  readonly candidate: IceCandidate;
}

/** What `RTCIceCandidate.toJSON()` gives. `candidate: ""` ends the candidates, as does the absence of all of it, or null. */
export interface IceCandidate {
  readonly candidate: string;
  readonly sdpMid?: string | undefined;
  readonly sdpMLineIndex?: number | undefined;
}

/** What the server answers, as JSON with HTTP 200. */
export type SignalAnswer =
  | { readonly type: "answer"; readonly sdp: string; readonly webrtc_id?: string | undefined }
  | { readonly status: "success" }
  | { readonly status: "failed"; readonly meta: { readonly error: string; readonly [fact: string]: unknown } };
