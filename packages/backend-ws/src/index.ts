export type {
  Authenticator,
  ClientIceServer,
  ConnectionRequest,
  IceServer,
  IceServers,
  SessionFactory,
  SessionFactoryContext,
  TelephoneCall,
  Ui,
} from "@roomkit/transport-utils";
export { authContext, tokenAuth } from "@roomkit/transport-utils";
export { WebSocketBackend } from "./backend.ts";
export type { MountConfig } from "./mount/config.ts";
export { mountVoice, voiceServerOptions } from "./mount/mount-voice.ts";
export type { MountVoiceOptions, WebRTCDelegate } from "./mount/options.ts";
export type { AcceptContext, WebSocketBackendOptions } from "./options.ts";
export type { WebSocketLike } from "./socket/websocket-like.ts";
export type { IncomingCall, TelephoneOptions } from "./telephone/options.ts";
export { type TwilioAuthOptions, twilioAuth } from "./telephone/signature.ts";
