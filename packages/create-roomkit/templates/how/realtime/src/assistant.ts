import type { Server } from "node:http";
import { mountVoice, tokenAuth, WebSocketBackend } from "@roomkit/backend-ws";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { mulaw } from "@roomkit/codec-mulaw";
import { createResampler } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { RoomKit, roomPerCaller } from "roomkit";
import { localSpeech } from "./local.ts";

/** Takes calls at `/voice` of a server; gives the function that ends them. */
export async function takeCalls(server: Server): Promise<() => Promise<void>> {
  const kit = new RoomKit();
  const backend = new WebSocketBackend({ codec: mulaw() });
  const provider = await localSpeech();
  const channel = new RealtimeVoiceChannel("assistant", {
    provider,
    transport: backend,
    createResampler,
    systemPrompt: "You are on the phone. Answer in one or two short sentences.",
    greetingPrompt: "Say hello.",
  });
  kit.registerChannel(channel);

  const { HOST, TOKEN } = process.env;
  const unmount = mountVoice(server, backend, {
    path: "/voice",
    // With a HOST others can reach the server: then callers need the TOKEN.
    auth: TOKEN ? tokenAuth({ [TOKEN]: { userId: "caller" } }) : undefined,
    allowAnonymous: !TOKEN && !HOST,
    ui: playground(),
    // Each caller gets a room, which closes when they have gone.
    sessionFactory: roomPerCaller(kit, { channels: ["assistant"] }),
  });
  return async () => {
    await backend.close();
    unmount();
    await kit.close();
    await provider.close?.();
  };
}
