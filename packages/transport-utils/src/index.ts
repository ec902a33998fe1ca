export { type ProxyResolver, proxyResolver } from "./admission/address.ts";
export { Admission, type AdmissionOptions, type Admitted } from "./admission/admission.ts";
export { type OriginProblem, type Origins, originProblem } from "./admission/origins.ts";
export { AcceptPacer, type AcceptPacerOptions } from "./admission/pacer.ts";
export { TokenBucket, type TokenBucketOptions } from "./admission/token-bucket.ts";
export {
  defaultTrafficLimits,
  TrafficGuard,
  type TrafficLimits,
  trafficLimits,
  trafficRanges,
  type Verdict,
} from "./admission/traffic-guard.ts";
export { type AuthenticateOptions, type Authenticator, type AuthResult, authenticate } from "./auth/authenticator.ts";
export { authContext } from "./auth/context.ts";
export { clientIdentity } from "./auth/identity.ts";
export {
  bearerSubprotocol,
  type TokenAuthOptions,
  type TokenCheck,
  tokenAuth,
  tokenOf,
  tokensEqual,
} from "./auth/token.ts";
export type { Numbering } from "./connection/carried.ts";
export { byeFor, closeCodeFor, DRAINING } from "./connection/close-code.ts";
export type { ConnectionLink } from "./connection/link.ts";
export { MediaConnection, type MediaConnectionOptions } from "./connection/media-connection.ts";
export { compatMessage } from "./dialect/compat.ts";
export { connectionInput } from "./dialect/input.ts";
export { v1Message } from "./dialect/v1.ts";
export { claimServer, type MountableServer, refuseUpgrade, type ServerClaim } from "./http/claim.ts";
export { connectionRequest } from "./http/connection-request.ts";
export { Gate, type GateOptions, gateKinds } from "./http/gate.ts";
export { jsonResponse, type ReadRequestOptions, requestUrl, sendWebResponse, toWebRequest } from "./http/web.ts";
export {
  type ConnectionLimits,
  connectionRanges,
  optionalTimeRange,
  timeoutRange,
} from "./limits.ts";
export { type ClientConfig, clientConfig } from "./mount/config.ts";
export {
  type ClientIceServer,
  checkIceServers,
  clientIceServer,
  clientIceServers,
  type IceServer,
  type IceServers,
} from "./mount/ice-servers.ts";
export { mountPath } from "./mount/path.ts";
export { type Ui, uiResponse } from "./mount/ui.ts";
export { PacingLateness } from "./pacing/lateness.ts";
export { PacingWheel, type PacingWheelOptions, type Tick } from "./pacing/wheel.ts";
export { LiveDelay } from "./playout/live.ts";
export type { DtmfFrame, PlayoutFrame, PlayoutQueueOptions } from "./playout/options.ts";
export { PlayoutQueue } from "./playout/queue.ts";
export { TrackLedger, type TrackPlace, type TrackPlayed, type TrackReport } from "./playout/track-ledger.ts";
export type { ConnectionRequest } from "./request.ts";
export {
  type ClientWithoutSession,
  giveSession,
  isRefusal,
  type SessionFactory,
  type SessionFactoryContext,
  type TelephoneCall,
} from "./sessions/factory.ts";
export { SessionRegistry, type SessionRegistryOptions } from "./sessions/registry.ts";
export { ResumeDesk, type ResumeDeskOptions, tokenHash } from "./sessions/resume-desk.ts";
export { SessionBackend } from "./sessions/session-backend.ts";
