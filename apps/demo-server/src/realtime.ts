import type { Server } from "node:http";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { type RoomKit, roomPerCaller, type VoiceBackend } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { mountRealtime, WebRTCTransport } from "@roomkit/transport-webrtc";
import { werift } from "@roomkit/webrtc-engine-werift";
import { type DemoConfig, SYSTEM_PROMPT } from "./config.ts";
import { demoTools } from "./tools.ts";
import type { VoiceParts } from "./voice.ts";

/** Speech to speech, at `/rtc-realtime`: by a vendor whose key is set, or put together from the recogniser, model and voice. */
export function mountSpeechToSpeech(server: Server, kit: RoomKit, config: DemoConfig, parts: VoiceParts): VoiceBackend {
  const { outboundAudio, workers } = config;
  const { speech, desk, logger } = parts;
  const transport = new WebRTCTransport({
    engine: werift(),
    opus: opus(),
    mulaw: mulaw(),
    outboundAudio,
    workers,
    logger,
    playedSilence: true,
  });
  const channel = new RealtimeVoiceChannel("realtime-voice", {
    provider: speech.realtime.provider,
    transport,
    systemPrompt: SYSTEM_PROMPT,
    tools: demoTools,
    pipeline: speech.realtimePipeline,
    createResampler,
  });
  desk.serve(transport, channel);
  kit.registerChannel(channel);

  mountRealtime(server, transport, {
    path: "/rtc-realtime",
    allowAnonymous: true,
    concurrencyLimit: config.maxCalls,
    sessionFactory: roomPerCaller(kit, { channels: ["realtime-voice"] }),
    ui: playground(),
  });
  return transport;
}
