import { RoomKit, sequentialIds, silence } from "@roomkit/core";
import { FakeBackend, FakeConnection, ScriptedRealtime, VirtualClock } from "@roomkit/testing";
import { expect, it } from "vitest";
import { RealtimeVoiceChannel } from "./realtime-voice-channel.ts";

it("a provider and a backend that two channels share work until the application closes them", async () => {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const transport = new FakeBackend(ids);
  const provider = new ScriptedRealtime({ clock });
  const channels = ["one", "two"].map((id) => new RealtimeVoiceChannel(id, { provider, transport }));
  for (const channel of channels) kit.registerChannel(channel);
  const room = await kit.createRoom();
  const call = async (channelId: string): Promise<FakeConnection> => {
    const session = await transport.connect(room.id, `caller of ${channelId}`, channelId);
    await kit.join(room.id, channelId, { session });
    const connection = new FakeConnection({ clock, id: `client ${session.id}` });
    transport.bind(session, connection);
    await clock.advance(20);
    return connection;
  };
  for (const { id } of channels) await kit.attachChannel(room.id, id);
  const first = await call("one");
  const second = await call("two");
  expect(provider.sessions.map(({ closed }) => closed)).toEqual([false, false]);

  for (const _ of [1, 2]) await channels[0]?.close();
  await clock.advance(1_000);
  expect(provider.sessions.map(({ closed }) => closed)).toEqual([true, false]);
  expect([provider.closed, transport.closed]).toEqual([false, false]);
  second.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, 0));
  expect(provider.sessions[1]?.heard).toHaveLength(1);
  expect(first.listeners).toBeLessThan(second.listeners);
  await call("two");
  expect(provider.sessions.map(({ closed }) => closed)).toEqual([true, false, false]);

  const closing = [kit.close(), kit.close()];
  await clock.advance(20_000);
  await Promise.all(closing);
  expect(provider.sessions.map(({ closed }) => closed)).toEqual([true, true, true]);
  expect([provider.closed, transport.closed]).toEqual([false, false]);
  for (const _ of [1, 2]) await transport.close();
  for (const _ of [1, 2]) await provider.close();
});
