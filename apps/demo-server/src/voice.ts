import type { Server } from "node:http";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { VoiceChannel } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { type Logger, type RoomKit, roomPerCaller, type VoiceBackend } from "@roomkit/core";
import { playground } from "@roomkit/playground";
import { WebRTCTransport } from "@roomkit/transport-webrtc";
import { werift } from "@roomkit/webrtc-engine-werift";
import type { DemoConfig } from "./config.ts";
import type { Desk } from "./desk.ts";
import type { Speech } from "./speech.ts";

/** What the mounts of both kinds are made of. */
export interface VoiceParts {
  readonly speech: Speech;
  readonly desk: Desk;
  readonly logger: Logger | undefined;
}

/** One local recogniser serves everybody: when many callers stop at the same moment, the last of them has to wait. */
const STT_TIMEOUT_MS = 30_000;

/**
 * Recogniser, model and voice in turn, at `/voice`. A channel has one transport: so there is one for WebSocket and one for
 * WebRTC, with the same assistant behind both; the caller closes them.
 */
export function mountClassicVoice(server: Server, kit: RoomKit, config: DemoConfig, parts: VoiceParts): VoiceBackend[] {
  const { speech, desk, logger } = parts;
  const { stt, tts, pipeline, manners } = speech;
  const { greeting, outboundAudio, workers, maxCalls } = config;
  const addChannel = (id: string, backend: VoiceBackend): void => {
    const channel = new VoiceChannel(id, {
      backend,
      stt: stt.provider,
      tts: tts.provider,
      pipeline,
      ...manners,
      sttTimeoutMs: STT_TIMEOUT_MS,
      ...(greeting === "" ? {} : { greeting }),
    });
    // Before the channel: the call's recording asks as soon as it begins.
    desk.serve(backend, channel);
    kit.registerChannel(channel);
  };

  const websocket = new WebSocketBackend({ codec: mulaw(), playedSilence: true, logger });
  const webrtc = new WebRTCTransport({
    engine: werift(),
    opus: opus(),
    mulaw: mulaw(),
    outboundAudio,
    workers,
    logger,
    // For echo canceller and recorder, which a caller may ask for.
    playedSilence: true,
    // Served by the mount below, which has checked who asks.
    signalling: {
      concurrencyLimit: maxCalls,
      sessionFactory: roomPerCaller(kit, { channels: ["voice-rtc", "ai"] }),
    },
  });
  addChannel("voice", websocket);
  addChannel("voice-rtc", webrtc);
  mountVoice(server, websocket, {
    path: "/voice",
    // A demo on your own machine: anybody who reaches it may talk. Give `auth` instead where that is not so.
    allowAnonymous: true,
    concurrencyLimit: maxCalls,
    sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
    webrtc,
    ui: playground(),
    about: speech.about,
  });
  return [websocket, webrtc];
}
