export type { Authenticator, ConnectionRequest } from "@roomkit/transport-utils";
export { authContext } from "@roomkit/transport-utils";
export { WebSocketBackend } from "./backend.ts";
export type { MountConfig } from "./mount/config.ts";
export { mountVoice, voiceServerOptions } from "./mount/mount-voice.ts";
export type { IceServer, MountVoiceOptions, Ui, WebRTCDelegate } from "./mount/options.ts";
export type { AcceptContext, SessionFactory, SessionFactoryContext, WebSocketBackendOptions } from "./options.ts";
export type { WebSocketLike } from "./socket/websocket-like.ts";
