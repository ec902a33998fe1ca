import type { RealtimeServerEvent } from "openai/resources/realtime/realtime";

type WithoutId<T> = T extends unknown ? Omit<T, "event_id"> : never;
/** A server's event before it has its id. */
export type Said = WithoutId<RealtimeServerEvent>;

/** What stands in the conversation. */
export interface Item {
  readonly id: string;
  readonly role: "user" | "assistant" | "system" | "call" | "result";
  text: string;
  /** Audio sent of it, ms. */
  audioMs: number;
  readonly callId?: string | undefined;
}
