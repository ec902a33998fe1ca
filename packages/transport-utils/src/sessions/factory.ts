import {
  type Clock,
  type CloseReason,
  type Metadata,
  RoomKitError,
  type VoiceBackend,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import { authContext } from "../auth/context.ts";
import { DRAINING } from "../connection/close-code.ts";
import type { MediaConnection } from "../connection/media-connection.ts";
import type { SessionRegistry } from "./registry.ts";

/** Whose telephone call a session is for, as the provider's stream says when it begins. */
export interface TelephoneCall {
  readonly streamSid: string;
  readonly callSid: string | undefined;
  readonly accountSid: string | undefined;
  /** Who calls, and who is called: E.164 numbers or SIP addresses. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** What the answer to the call gave along, by name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a session factory is told besides the client's own name for its connection. */
export interface SessionFactoryContext {
  /** The transport the client came by: `backend.connect(...)` makes the session. */
  readonly backend: VoiceBackend;
  /** What authentication said of the client; also in `authContext`. */
  readonly metadata: Metadata;
  /** The client's address as far as known. */
  readonly address: string | undefined;
  /** `compat` is the seed's protocol, `phone` its telephone framing. */
  readonly dialect: "compat" | "v1" | "phone";
  /** Of `phone`: who calls, and what the answer to the call gave along. */
  readonly call: TelephoneCall | undefined;
  /** What a v1 client says it is. */
  readonly client: { readonly name?: string | undefined; readonly version?: string | undefined } | undefined;
  /** Aborts when the client goes or the factory takes too long: whatever it returns then is ended. */
  readonly signal: AbortSignal;
}

/**
 * Makes the session of a client: a room, its channels, and `backend.connect(...)`. Runs once for each client, inside
 * `authContext`. `label` is what the client calls itself (`websocket_id`, `webrtc_id`), never a credential. To refuse the client, throw a `RoomKitError`
 * with `toClient`: its code (lower-case letters, digits and `_`, at most 41) is what the client is told.
 */
export type SessionFactory = (label: string, context: SessionFactoryContext) => VoiceSession | Promise<VoiceSession>;

/** A client whose connection is there and that wants a session. */
export interface ClientWithoutSession {
  readonly connection: MediaConnection;
  readonly factory: SessionFactory | undefined;
  readonly context: Omit<SessionFactoryContext, "signal">;
  /** The field of a waiting session's metadata that names its client. */
  readonly labelKey: "websocket_id" | "webrtc_id";
  /** The client is gone. */
  readonly signal: AbortSignal;
  /** The session of another process that the client comes back to, if it does: asked before the factory. */
  readonly foreign?: ((signal: AbortSignal) => Promise<VoiceSession | undefined>) | undefined;
  /** Why it is refused unless it comes back. */
  readonly refusal?: (() => string | undefined) | undefined;
  /** Called once, before anything of the session reaches the client. */
  readonly onSession: (session: VoiceSession) => void;
}

const LEFT: CloseReason = { code: "client_lost", message: "the client went while its session was made" };

/**
 * Gives a client its session: the factory's, one that waits for a client of this name, or one that the application starts on it.
 * Resolves when there is one or when the application has been told; the client may be gone by then.
 *
 * @throws RoomKitError `unknown_session` when nobody makes sessions, `session_factory_timeout`, `session_factory_failed`, `takeover_failed` (retryable),
 *   `draining` when the kit has closed, and as `refusal` says; the factory's own that is `toClient`.
 */
export async function giveSession(
  registry: SessionRegistry,
  client: ClientWithoutSession,
  options: { readonly clock: Clock; readonly factoryTimeoutMs: number },
): Promise<void> {
  const { connection, factory, context, labelKey, signal, onSession, foreign } = client;
  const back = foreign && (await made(registry, client, foreign, "takeover_failed", options));
  const refusal = back ? undefined : client.refusal?.();
  if (refusal !== undefined) throw new RoomKitError(refusal, "nobody new is let in", { retryable: true });
  const make = async (until: AbortSignal): Promise<VoiceSession | undefined> =>
    factory?.(connection.label, { ...context, signal: until });
  const session =
    back ??
    (factory
      ? await made(registry, client, make, "session_factory_failed", options)
      : registry.findPending(({ metadata }) => metadata[labelKey] === connection.label));
  if (!session && factory) throw new RoomKitError("session_factory_failed", "the factory gave no session");
  if (!session) {
    if (!registry.offer(connection, onSession))
      throw new RoomKitError("unknown_session", "no session waits for this client");
    return;
  }
  if (signal.aborted || connection.closed) {
    await registry.end(session, LEFT);
    return;
  }
  if (!registry.isPending(session))
    throw new RoomKitError("session_factory_failed", "the factory's session is not of this transport, or not free");
  onSession(session);
  registry.bind(session, connection);
}

/** The application does not want this client, and says why. */
export function isRefusal(error: unknown): error is RoomKitError {
  return RoomKitError.is(error) && error.toClient === true && /^[a-z][a-z0-9_]{0,40}$/.test(error.code);
}

async function made(
  registry: SessionRegistry,
  client: ClientWithoutSession,
  make: (signal: AbortSignal) => Promise<VoiceSession | undefined>,
  failed: "takeover_failed" | "session_factory_failed",
  options: { readonly clock: Clock; readonly factoryTimeoutMs: number },
): Promise<VoiceSession | undefined> {
  const late = new AbortController();
  const signal = AbortSignal.any([client.signal, late.signal]);
  const making = authContext.run(client.context.metadata, () => make(signal));
  try {
    return await withTimeout(making, options.factoryTimeoutMs, {
      clock: options.clock,
      signal: client.signal,
      what: "the session factory",
    });
  } catch (error) {
    late.abort(error);
    // Whoever comes too late finds the door closed.
    making.then(
      (session) => session && registry.end(session, { code: "client_lost", message: "the session was made too late" }),
      () => {},
    );
    // The kit closes first, and its transports after it; one that drains takes no session any more that was begun before.
    if (RoomKitError.is(error, "kit_closed") || (registry.draining && RoomKitError.is(error, "closed")))
      throw new RoomKitError(DRAINING.code, DRAINING.message);
    if (failed === "session_factory_failed" && isRefusal(error)) throw error;
    const timeout = failed === "session_factory_failed" && RoomKitError.is(error, "timeout");
    const code = timeout ? "session_factory_timeout" : failed;
    throw new RoomKitError(code, "the session could not be made", {
      retryable: code === "takeover_failed",
      cause: error,
    });
  }
}
