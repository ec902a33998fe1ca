import { CallRecording, noting, roomOf } from "@roomkit/call";
import {
  abortedError,
  type ChannelHost,
  type ProviderFallback,
  type RealtimeSession,
  RoomKitError,
  type VoiceConnection,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import { type RealtimeSettings, type SessionOverrides, sessionConfig } from "../options.ts";
import { AudioPath } from "./audio-path.ts";
import { RealtimeCall } from "./realtime-call.ts";
import type { CallTools } from "./tool-calls.ts";

export interface StartCallOptions {
  readonly host: ChannelHost;
  readonly settings: RealtimeSettings;
  readonly channelId: string;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  /** With what this session begins as. */
  readonly tools: CallTools;
  readonly overrides: SessionOverrides;
  /** Another process began it. */
  readonly resumed: boolean;
  /** Gives it up: everything begun is undone. */
  readonly signal: AbortSignal;
  /** The session is over from the provider's side. */
  readonly onEnded: (reason: string) => void;
}

const UNANSWERED =
  "The line was interrupted by a fault. What the caller said last has not been answered, or not heard to its end: answer it now, without mentioning the fault.";

/**
 * Calls the provider for a caller whose connection is there, whole or not at all.
 *
 * @throws RoomKitError `invalid_option` (rates differ and no resampler was given), `timeout`, `aborted`, or the provider's code.
 */
export async function startCall(options: StartCallOptions): Promise<RealtimeCall> {
  const { settings, channelId, session, connection, overrides, tools } = options;
  const { provider: vendor, createResampler, connectTimeoutMs, handshakeBufferMs, historyEvents } = settings;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const { inbound, outbound } = connection;
  const native = settings.transport.capabilities;
  const pipeline = settings.pipeline?.open({
    inbound,
    outbound,
    sessionId: session.id,
    native,
    clock: options.host.clock,
  });
  const recording = CallRecording.begin(pipeline?.recording, { room: options.host, session });
  const speech = { speech: pipeline?.hasVad !== true };
  const host = noting(options.host, recording, speech);
  const audio = new AudioPath({ connection, pipeline, createResampler, handshakeBufferMs });
  const room = noting(roomOf(options.host, channelId, session), recording, speech);
  let call: RealtimeCall | undefined;
  // From here on nothing the caller says is lost: they speak as soon as they are connected.
  const stopAudio = connection.onAudio((frame) => {
    if (call) call.hear(frame);
    else audio.hear(frame);
  });
  let provider: RealtimeSession | undefined;
  try {
    const history = historyEvents === 0 ? [] : await room.history(historyEvents);
    if (signal.aborted) throw abortedError(signal);
    const [first] = tools.assistants.values();
    const config = sessionConfig(settings, first?.tools.definitions ?? [], overrides, history);
    const rates = { inputSampleRate: inbound.sampleRate, outputSampleRate: outbound.sampleRate };
    const onFallback = (change: ProviderFallback): void =>
      host.emit("provider_fallback", { roomId: session.roomId, ...change });
    const connecting = vendor.connect(config, { signal, native, onFallback, ...rates });
    // A handshake that finishes after it was given up leaves no session behind.
    connecting.then(
      (late) => {
        if (signal.aborted) void late.close();
      },
      () => {},
    );
    const what = `connecting to ${vendor.name}`;
    provider = await withTimeout(connecting, connectTimeoutMs, { clock: host.clock, signal, what });
    if (!audio.fits(provider)) {
      throw new RoomKitError("invalid_option", "transport and provider use different rates: pass createResampler", {
        details: { transport: [inbound, outbound], provider: [provider.inbound, provider.outbound] },
      });
    }
    call = new RealtimeCall({
      ...{ host, room, settings, channelId, session, connection, provider, audio, recording, tools },
      onEnded: options.onEnded,
      onClosed: stopAudio,
    });
    audio.open(provider);
    const greeting = overrides.greetingPrompt ?? settings.greetingPrompt;
    const prompt = options.resumed ? (history.at(-1)?.role === "user" ? UNANSWERED : undefined) : greeting;
    if (prompt !== undefined) call.sendText(prompt, { role: "system" });
    return call;
  } catch (error) {
    failed.abort(error);
    stopAudio();
    const recorded = recording?.end("session_failed", Promise.resolve());
    audio.close();
    await recorded;
    await provider?.close();
    throw error;
  }
}
