import type { Metadata } from "../contracts/voice.ts";

/** What a channel is to a room: people come in by transports, intelligence answers. */
export type ChannelCategory = "transport" | "intelligence";
export const ChannelCategory = { TRANSPORT: "transport", INTELLIGENCE: "intelligence" } as const;

/** What a channel may do in a room. */
export type Access = "read_write" | "read_only" | "write_only" | "none";
export const Access = {
  READ_WRITE: "read_write",
  READ_ONLY: "read_only",
  WRITE_ONLY: "write_only",
  NONE: "none",
} as const;

/** Who sees a channel's events: everybody, nobody, one category, or the channels named. */
export type Visibility = "all" | "none" | "transport" | "intelligence" | readonly string[];

/** A channel's place in one room. */
export interface Binding {
  readonly roomId: string;
  readonly channelId: string;
  readonly category: ChannelCategory;
  readonly access: Access;
  /** What the channel says is recorded as blocked and reaches nobody; it still reads. */
  readonly muted: boolean;
  /** Nothing is delivered to the channel's people; it still reads and writes. */
  readonly outputMuted: boolean;
  readonly visibility: Visibility;
  readonly metadata: Metadata;
}

export function canRead(binding: Pick<Binding, "access">): boolean {
  return binding.access === "read_write" || binding.access === "read_only";
}

/** Access alone; a muted channel may write but its events are blocked. */
export function canWrite(binding: Pick<Binding, "access">): boolean {
  return binding.access === "read_write" || binding.access === "write_only";
}
