import { type Binding, canRead } from "../binding.ts";
import type { RoomEvent } from "../event.ts";
import type { EventQuery } from "../store.ts";
import type { RoomLogs } from "./room-logs.ts";
import { canSee } from "./visibility.ts";

/** What a channel is shown at most. */
const MAX_HISTORY = 100;
/** Pages looked through for it: what lies further back stays unseen. */
const MAX_PAGES = 10;

/**
 * The newest events a channel may see, oldest first, at most 100. The filter comes first: nothing that was not for the channel
 * leaves the store's side, and what it may not see does not count.
 */
export async function visibleEvents(
  logs: Pick<RoomLogs, "events">,
  binding: Binding | undefined,
  query: EventQuery = {},
): Promise<readonly RoomEvent[]> {
  if (!binding || !canRead(binding)) return [];
  const wanted = Math.min(query.last ?? MAX_HISTORY, MAX_HISTORY);
  let found: RoomEvent[] = [];
  let { before } = query;
  for (let page = 0; page < MAX_PAGES && found.length < wanted; page++) {
    const events = await logs.events(binding.roomId, {
      last: MAX_HISTORY,
      after: query.after,
      before,
    });
    found = [...events.filter((event) => canSee(event, binding)), ...found];
    if (events.length < MAX_HISTORY) break;
    before = events[0]?.index;
  }
  return found.slice(Math.max(0, found.length - wanted));
}
