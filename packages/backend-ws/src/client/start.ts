import { type AudioFormat, type CloseReason, RoomKitError, type VoiceSession, withTimeout } from "@roomkit/core";
import {
  type AudioSpecs,
  CloseCode,
  type ReadyMessage,
  type StartMessage,
  serializeServerMessage,
} from "@roomkit/protocol";
import { authContext, MediaConnection } from "@roomkit/transport-utils";
import type { AcceptContext } from "../options.ts";
import type { Hub } from "../sessions/hub.ts";
import type { LiveSession, SessionClient } from "../sessions/live-session.ts";
import type { SocketPort } from "../socket/port.ts";
import { callOf } from "../telephone/incoming.ts";
import { MARKS_MS, PhoneLink } from "../telephone/phone-link.ts";
import { CompatLink } from "./compat-link.ts";
import { coderFor, type Dialect, dialectOf, grantAudio, wireBytesPerSecond } from "./formats.ts";
import { V1Link } from "./v1-link.ts";

const TIME_IS_UP: CloseReason = { code: "session_limit", message: "the session reached its greatest length" };

type ClientLink = CompatLink | PhoneLink | V1Link;

/** What a `start` led to so far. */
export interface Started {
  readonly connection: MediaConnection;
  readonly audio: AudioSpecs;
  /** When the session began, ms on the clock. */
  readonly startedAt: number;
  link: ClientLink | undefined;
  live: LiveSession | undefined;
}

export interface StartSteps {
  readonly port: SocketPort;
  readonly client: SessionClient;
  /** The client is gone. */
  readonly signal: AbortSignal;
  prepared(started: Started): void;
  live(started: Started, live: LiveSession): void;
  refuse(code: string, closeCode: number, facts?: Readonly<Record<string, unknown>>): void;
}

/** Makes a client's connection and, through the application, its session. Never rejects: what fails becomes a refusal. */
export async function startSession(
  hub: Hub,
  start: StartMessage,
  context: AcceptContext,
  steps: StartSteps,
): Promise<void> {
  try {
    await makeAndBind(hub, start, context, steps);
  } catch (error) {
    hub.logger.error({ error }, "a session could not be started");
    steps.refuse("internal", CloseCode.SERVER_ERROR);
  }
}

async function makeAndBind(hub: Hub, start: StartMessage, context: AcceptContext, steps: StartSteps): Promise<void> {
  const dialect = dialectOf(start);
  const { settings } = hub;
  const audio = grantAudio(
    start,
    { input: settings.inputSampleRate, output: settings.outputSampleRate },
    settings.codec,
  );
  if (!audio) return steps.refuse("codec_unavailable", CloseCode.POLICY);
  const name = start.websocket_id ?? start.streamSid;
  if (name === undefined && dialect !== "v1") return steps.refuse("bad_id", CloseCode.POLICY);
  if (name !== undefined && hub.labels.has(name)) return steps.refuse("connection_already_exists", CloseCode.CONFLICT);
  const connection = makeConnection(hub, dialect, audio, name, context);
  const started: Started = { connection, audio, startedAt: hub.clock.now(), link: undefined, live: undefined };
  if (name !== undefined) {
    hub.labels.add(name);
    connection.onClose(() => hub.labels.delete(name));
  }
  steps.prepared(started);
  let session: VoiceSession;
  try {
    session = await makeSession(hub, connection.label, dialect, start, context, steps.signal);
  } catch (error) {
    const code = RoomKitError.is(error) ? error.code : "session_factory_failed";
    if (steps.signal.aborted) return;
    hub.logger.error({ error, connection: connection.id }, "a session could not be made");
    // The kit closes first, and its transports after it.
    if (code === "kit_closed") return steps.refuse("draining", CloseCode.GOING_AWAY);
    if (code === "unknown_session") return steps.refuse("unknown_session", CloseCode.UNKNOWN_SESSION);
    return steps.refuse(
      code === "timeout" ? "session_factory_timeout" : "session_factory_failed",
      CloseCode.SERVER_ERROR,
    );
  }
  if (steps.signal.aborted || connection.closed) {
    await hub.registry.end(session, { code: "client_lost", message: "the client went while its session was made" });
    return;
  }
  if (!hub.registry.isPending(session)) return steps.refuse("session_factory_failed", CloseCode.SERVER_ERROR);
  const live: LiveSession = { session, connection, dialect, audio, startedAt: started.startedAt, client: steps.client };
  hub.live.add(live);
  const { maxSessionMs } = settings;
  const cancelLimit =
    maxSessionMs > 0 ? hub.clock.setTimeout(() => void connection.close(TIME_IS_UP), maxSessionMs) : () => {};
  connection.onClose(() => {
    cancelLimit();
    hub.live.delete(live);
    hub.desk.forget(live);
  });
  steps.live(started, live);
  started.link = attach(hub, live, steps.port, start.streamSid, false);
  hub.registry.bind(session, connection);
  // Its consumer gets what was said meanwhile in a moment; so do those who listen to all sessions.
  for (const frame of connection.heldAudio) hub.registry.tap(session, frame);
}

/** Puts a new socket under a session that lost its own, or has not yet noticed. */
export function resumeSession(hub: Hub, live: LiveSession, port: SocketPort, client: SessionClient): Started {
  const { connection, audio, startedAt } = live;
  live.client?.supersede();
  connection.detach();
  live.client = client;
  return { connection, audio, startedAt, live, link: attach(hub, live, port, undefined, true) };
}

function attach(
  hub: Hub,
  live: LiveSession,
  port: SocketPort,
  streamSid: string | undefined,
  resumed: boolean,
): ClientLink {
  const { connection, dialect, audio, startedAt } = live;
  const { codec, softBufferMs } = hub.settings;
  const coder = coderFor(audio.receive, codec);
  const softBytes = (wireBytesPerSecond(audio.receive, dialect) * softBufferMs) / 1000;
  if (dialect !== "v1") {
    const link =
      dialect === "phone"
        ? new PhoneLink(port, coder, softBytes, {
            streamSid: streamSid ?? "",
            report: (number, samples) => connection.report(number, samples, false),
          })
        : new CompatLink(port, coder, softBytes);
    connection.attach(link);
    return link;
  }
  const link = new V1Link(port, coder, softBytes, {
    numberOf: (utterance) => connection.utteranceNumber(utterance),
    sinceMs: () => hub.clock.now() - startedAt,
  });
  // Before anything the session says.
  port.send(serializeServerMessage(readyMessage(hub, live, resumed)));
  connection.attach(link);
  return link;
}

function readyMessage(hub: Hub, live: LiveSession, resumed: boolean): ReadyMessage {
  const { messageLimits, trafficLimits, idleTimeoutMs, resumeMs } = hub.settings;
  return {
    event: "ready",
    protocol: 1,
    session: live.session.id,
    resume: hub.desk.issue(live),
    resumed,
    audio: live.audio,
    limits: {
      maxMessageBytes: messageLimits.maxMessageBytes,
      messagesPerSecond: trafficLimits.messagesPerSecond,
      idleMs: idleTimeoutMs,
      resumeMs,
    },
  };
}

function makeConnection(
  hub: Hub,
  dialect: Dialect,
  audio: AudioSpecs,
  name: string | undefined,
  context: AcceptContext,
): MediaConnection {
  const { settings, clock, wheel, logger } = hub;
  const id = hub.ids("connection");
  const format = (sampleRate: number): AudioFormat => ({ sampleRate, channels: 1 });
  return new MediaConnection({
    id,
    label: name ?? id,
    metadata: context.metadata ?? {},
    inbound: format(audio.send.sampleRate),
    outbound: format(audio.receive.sampleRate),
    playback: dialect === "v1" ? "reported" : "estimated",
    resumable: dialect === "v1",
    ...(dialect === "phone" && { marksMs: MARKS_MS }),
    leadMs: dialect === "v1" ? settings.leadMs : settings.compatLeadMs,
    maxFrames: settings.audioQueueMaxSize,
    maxQueuedMs: settings.audioQueueMaxMs,
    playedSilence: settings.playedSilence,
    clock,
    wheel,
    logger,
  });
}

/**
 * Asks the application for the session.
 *
 * @throws RoomKitError `timeout`, `unknown_session`, or whatever the factory throws.
 */
async function makeSession(
  hub: Hub,
  label: string,
  dialect: Dialect,
  start: StartMessage,
  context: AcceptContext,
  gone: AbortSignal,
): Promise<VoiceSession> {
  const { sessionFactory, metadata = {}, address } = context;
  if (!sessionFactory) {
    const session = hub.registry.findPending((candidate) => candidate.metadata.websocket_id === label);
    if (!session) throw new RoomKitError("unknown_session", "no session waits for this client");
    return session;
  }
  const call = dialect === "phone" ? callOf(start) : undefined;
  const late = new AbortController();
  const signal = AbortSignal.any([gone, late.signal]);
  const made = authContext.run(metadata, async () =>
    sessionFactory(label, { metadata, address, dialect, call, client: start.client, signal }),
  );
  try {
    return await withTimeout(made, hub.settings.factoryTimeoutMs, {
      clock: hub.clock,
      signal: gone,
      what: "the session factory",
    });
  } catch (error) {
    late.abort(error);
    // Whoever comes too late finds the door closed.
    made.then(
      (session) => hub.registry.end(session, { code: "client_lost", message: "the session was made too late" }),
      () => {},
    );
    throw error;
  }
}
