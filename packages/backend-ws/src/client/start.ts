import { type AudioFormat, type CloseReason, errorFields, RoomKitError, type VoiceSession } from "@roomkit/core";
import {
  type AudioSpecs,
  CloseCode,
  type ReadyMessage,
  type StartMessage,
  serializeServerMessage,
} from "@roomkit/protocol";
import { closeCodeFor, giveSession, isRefusal, MediaConnection, tokenHash } from "@roomkit/transport-utils";
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
    hub.logger.error(errorFields(error), "a session could not be started");
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
  // Ended before it had a socket of its own: nobody took it.
  connection.onClose((reason) => {
    if (!started.link) steps.refuse(reason.code, closeCodeFor(reason));
  });
  try {
    await giveSession(
      hub.registry,
      {
        connection,
        factory: context.sessionFactory,
        context: {
          backend: hub.backend,
          metadata: connection.metadata,
          address: context.address,
          dialect,
          call: dialect === "phone" ? callOf(start) : undefined,
          client: start.client,
        },
        labelKey: "websocket_id",
        signal: steps.signal,
        foreign: dialect === "v1" ? hub.foreign(start.resume) : undefined,
        // A telephone's call has been answered already: it was refused before that, or not at all.
        refusal: dialect === "phone" ? undefined : hub.refusal,
        onSession: (session) => goLive(hub, session, started, start, steps),
      },
      { clock: hub.clock, factoryTimeoutMs: settings.factoryTimeoutMs },
    );
  } catch (error) {
    if (steps.signal.aborted) return;
    const { code } = RoomKitError.from(error);
    if (code === "draining") return steps.refuse(code, CloseCode.GOING_AWAY);
    if (code === "node_full") return steps.refuse(code, CloseCode.LIMIT_REACHED);
    if (isRefusal(error)) {
      hub.logger.info({ connection: connection.id, code }, "the application refused a client");
      return steps.refuse(code, CloseCode.REFUSED);
    }
    hub.logger.error({ connection: connection.id, ...errorFields(error) }, "a session could not be made");
    steps.refuse(code, code === "unknown_session" ? CloseCode.UNKNOWN_SESSION : CloseCode.SERVER_ERROR);
  }
}

/** The session is there: its client is told before anything of it follows. */
function goLive(hub: Hub, session: VoiceSession, started: Started, start: StartMessage, steps: StartSteps): void {
  const { connection, audio, startedAt } = started;
  const live: LiveSession = { session, connection, dialect: dialectOf(start), audio, startedAt, client: steps.client };
  hub.live.add(live);
  const { maxSessionMs } = hub.settings;
  const cancelLimit =
    maxSessionMs > 0 ? hub.clock.setTimeout(() => void connection.close(TIME_IS_UP), maxSessionMs) : () => {};
  connection.onClose(() => {
    cancelLimit();
    hub.live.delete(live);
  });
  steps.live(started, live);
  const resumed = hub.registry.resumedOf(session);
  if (resumed) {
    connection.carryOn(resumed.transport);
    hub.desk.cameWith(live, tokenHash(start.resume ?? ""));
  }
  started.link = attach(hub, live, steps.port, start.streamSid, resumed !== undefined);
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
    resume: hub.issue(live),
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
