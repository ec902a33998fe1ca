import type { Binding, Visibility } from "../binding.ts";
import type { RoomEvent } from "../event.ts";

type Reader = Pick<Binding, "channelId" | "category">;

/** Whether a reader is among those a visibility names. */
export function includes(visibility: Visibility, reader: Reader): boolean {
  if (visibility === "all") return true;
  if (visibility === "none") return false;
  if (visibility === "transport" || visibility === "intelligence") return visibility === reader.category;
  return visibility.includes(reader.channelId);
}

/** Whether an event belongs to what a channel knows: its own words do, unless they were for nobody. */
export function canSee(event: Pick<RoomEvent, "status" | "visibility" | "source">, reader: Reader): boolean {
  if (event.status !== "delivered" || event.visibility === "none") return false;
  return event.source.channelId === reader.channelId || includes(event.visibility, reader);
}

/**
 * What an event may reach when its channel may only reach `allowed`: an event can ask for less than its binding allows, never
 * for more. Where no name fits both, the channels that both name now.
 */
export function narrow(allowed: Visibility, asked: Visibility | undefined, readers: Iterable<Reader>): Visibility {
  if (asked === undefined || asked === allowed || asked === "all") return allowed;
  if (allowed === "all") return asked;
  if (allowed === "none" || asked === "none") return "none";
  return [...readers]
    .filter((reader) => includes(allowed, reader) && includes(asked, reader))
    .map((reader) => reader.channelId);
}
