import type { Binding, KeptSession, NewEvent, Participant, Room, RoomEvent } from "@roomkit/core";

/** When the sample rooms were made, wall time. */
export const MADE_AT = 1_700_000_000_000;

export function sampleRoom(id: string, more: Partial<Room> = {}): Room {
  return {
    id,
    status: "active",
    createdAt: MADE_AT,
    lastActivityAt: MADE_AT,
    eventCount: 0,
    timers: {},
    metadata: {},
    version: 0,
    ...more,
  };
}

let count = 0;

export function sampleEvent(text: string, more: Partial<NewEvent> = {}): NewEvent {
  return {
    id: `event-${++count}`,
    content: { type: "text", text },
    source: { channelId: "voice", role: "user" },
    status: "delivered",
    chainDepth: 0,
    visibility: "all",
    createdAt: MADE_AT + 1,
    ...more,
  };
}

export function sampleBinding(roomId: string, channelId: string, more: Partial<Binding> = {}): Binding {
  return {
    roomId,
    channelId,
    category: "transport",
    access: "read_write",
    muted: false,
    outputMuted: false,
    visibility: "all",
    metadata: {},
    ...more,
  };
}

export function sampleParticipant(roomId: string, id: string, more: Partial<Participant> = {}): Participant {
  return { roomId, id, role: "member", metadata: {}, ...more };
}

export function sampleSession(roomId: string, sessionId: string, more: Partial<KeptSession> = {}): KeptSession {
  return {
    sessionId,
    roomId,
    participantId: "ann",
    channelId: "voice",
    metadata: { name: "Ann" },
    tokens: [`token of ${sessionId}`],
    transport: { dialect: "v1", sampleRate: 16_000 },
    call: { heard: [{ text: "hello", playedMs: 1_234.5 }], asked: null },
    ...more,
  };
}

/** The texts of events, in their order. */
export function textsOf(events: readonly RoomEvent[]): string[] {
  return events.map(({ content }) => (content.type === "text" ? content.text : content.type));
}

/** Tries to change an object that was handed over or given out: stores that freeze theirs refuse, which is as good. */
export function tamper(change: () => void): void {
  try {
    change();
  } catch {
    // Frozen.
  }
}
