import type { ConversationStore, NewEvent, Room } from "@roomkit/core";

/** As long as a spoken sentence or three. */
export const TEXT: string = "x".repeat(250);
/** A log that grows for ever is no room's. */
const EVENTS_PER_ROOM = 2_000;

let made = 0;

export function newEvent(): NewEvent {
  const id = `e${++made}`;
  return {
    ...{ id, idempotencyKey: id, status: "delivered", chainDepth: 0, visibility: "all", createdAt: 0 },
    content: { type: "text", text: TEXT },
    source: { channelId: "voice", role: "user" },
  };
}

export async function newRoom(store: ConversationStore): Promise<string> {
  const id = `bench-${process.pid}-${++made}`;
  const room: Room = {
    ...{ id, status: "active", createdAt: 0, lastActivityAt: 0, eventCount: 0, timers: {}, metadata: {}, version: 0 },
  };
  await store.createRoom(room);
  return id;
}

/** Commits one event after another to one room and the next, until `done`. */
export async function write(store: ConversationStore, done: () => boolean): Promise<void> {
  for (let room = "", count = 0; !done(); count++) {
    if (count % EVENTS_PER_ROOM === 0) room = await newRoom(store);
    await store.commit(room, [newEvent()], { at: 0 });
    // A store of this process answers at once, and would let nothing else run.
    if (store.scope === "process") await new Promise((resolve) => setImmediate(resolve));
  }
}
