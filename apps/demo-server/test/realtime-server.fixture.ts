import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type MountVoiceOptions, mountVoice, type SessionFactoryContext, WebSocketBackend } from "@roomkit/backend-ws";
import { RealtimeVoiceChannel, type RealtimeVoiceChannelOptions } from "@roomkit/channel-realtime";
import { mulaw } from "@roomkit/codec-mulaw";
import {
  type Clock,
  eventText,
  type RealtimeProvider,
  type RoomEvent,
  RoomKit,
  roomPerCaller,
  silentLogger,
  systemClock,
} from "@roomkit/core";

export interface ServeOptions {
  readonly provider: RealtimeProvider;
  readonly channel: Omit<RealtimeVoiceChannelOptions, "provider" | "transport">;
  readonly mount: Pick<MountVoiceOptions, "telephone" | "ui">;
  readonly clock?: Clock;
}

/** A server on loopback whose voice is a speech-to-speech provider; every caller gets a room. It closes the provider, too. */
export async function serveRealtime({ provider, channel: options, mount, clock = systemClock }: ServeOptions) {
  const kit = new RoomKit({ clock, logger: silentLogger });
  const backend = new WebSocketBackend({ codec: mulaw(), clock, logger: silentLogger });
  const channel = new RealtimeVoiceChannel("line", { ...options, provider, transport: backend });
  kit.registerChannel(channel);
  const sessions: SessionFactoryContext[] = [];
  let roomId = "";
  const factory = roomPerCaller<SessionFactoryContext>(kit, {
    channels: ["line"],
    participant: ({ call }) => call?.from ?? "caller",
  });
  const server = createServer();
  const unmount = mountVoice(server, backend, {
    allowAnonymous: true,
    ...mount,
    sessionFactory: async (label, context) => {
      sessions.push(context);
      const session = await factory(label, context);
      roomId = session.roomId;
      return session;
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  /** Of the newest caller's room. */
  const events = (): Promise<readonly RoomEvent[]> => kit.timeline(roomId);
  return {
    ...{ kit, backend, channel, server, sessions, events },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Whether a caller has a session. */
    called: (): boolean => roomId !== "" && channel.sessions.length > 0,
    roomStatus: async () => (await kit.getRoom(roomId))?.status,
    /** `role: text` of what was said. */
    log: async (): Promise<string[]> =>
      (await events())
        .filter(({ content }) => content.type === "text")
        .map((event) => `${event.source.role}: ${eventText(event)}`),
    close: async (): Promise<void> => {
      await kit.close();
      await backend.close();
      await provider.close?.();
      unmount();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
