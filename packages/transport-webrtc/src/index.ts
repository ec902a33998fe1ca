export type {
  ClientIceServer,
  IceServer,
  IceServers,
  SessionFactory,
  SessionFactoryContext,
  Ui,
} from "@roomkit/transport-utils";
export type { MediaLoad } from "./host/media-host.ts";
export type { OutboundAudio } from "./media/audio-plan.ts";
export { type CandidateFilter, parseOffer } from "./sdp/offer.ts";
export type { RealtimeConfig } from "./signalling/config.ts";
export { type FetchHandler, fetchHandler, mountRealtime } from "./signalling/mount.ts";
export type { RealtimeMountOptions, SignallingOptions } from "./signalling/options.ts";
export type { OfferHandling } from "./signalling/signalled-transport.ts";
export type { ClientContext } from "./transport/offers.ts";
export {
  defaultLimits,
  type MediaWorkersOptions,
  type WebRTCLimits,
  type WebRTCTransportOptions,
} from "./transport/options.ts";
export { WebRTCTransport } from "./transport/webrtc-transport.ts";
