import type { ChannelHost } from "@roomkit/core";

/** What a participant of a room is called there. */
export async function nameOf(host: ChannelHost, roomId: string, participantId: string): Promise<string | undefined> {
  const people = await host.participants(roomId);
  return people.find(({ id }) => id === participantId)?.displayName;
}
