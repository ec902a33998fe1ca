import type { OutboxDraft, RoomEvent } from "../event.ts";
import type { EventQuery, NewEvent, Participant, RoomPatch } from "../store.ts";

/** Of the newest events so many are known without the store, and at most so many UTF-16 code units of them. */
const [MAX_EVENTS, MAX_LENGTH] = [100, 262_144];

/** What waits for the store: events that were numbered and delivered, or a change of the room itself. */
export interface Kept {
  events: readonly NewEvent[];
  readonly first: number;
  readonly at: number;
  readonly fence: number;
  readonly outbox?: readonly OutboxDraft[] | undefined;
  readonly patch?: RoomPatch | undefined;
  /** UTF-16 code units. */
  readonly size: number;
}

/** What the process that has a room knows of its log, so that its calls can do without the store for a while. */
export class RoomLog {
  readonly roomId: string;
  /** The index of the next event. */
  next: number;
  /** With which the store was last read or written: what is known is true as long as the room's lease has it. */
  fence: number | undefined;
  participants: readonly Participant[] = [];
  readonly kept: Kept[] = [];
  /** How far the log in the store is ahead of the indexes that were told; other than 0 only where somebody wrote without a lease. */
  shift = 0;
  #tail: RoomEvent[] = [];
  #length = 0;

  constructor(roomId: string, next: number) {
    this.roomId = roomId;
    this.next = next;
  }

  /** These stand at the end of the log now. */
  note(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.index !== this.next) this.#forget();
      this.next = event.index + 1;
      this.#tail.push(event);
      this.#length += lengthOf(event);
    }
    while (this.#tail.length > MAX_EVENTS || (this.#length > MAX_LENGTH && this.#tail.length > 1)) {
      this.#length -= lengthOf(this.#tail.shift() as RoomEvent);
    }
  }

  /** Others have written: it is as long as this at least. */
  grown(count: number): void {
    if (count <= this.next) return;
    this.next = count;
    this.#forget();
  }

  /** What the store gave of it, in the order of the indexes: taken where it lies right before what is known. */
  learn(events: readonly RoomEvent[]): void {
    const from = this.#tail[0]?.index ?? this.next;
    const [oldest, newest] = [events[0], events.at(-1)];
    if (!oldest || !newest || oldest.index >= from || newest.index < from - 1) return;
    const older = events.filter(({ index }) => index < from);
    for (let i = older.length - 1; i >= 0 && this.#tail.length < MAX_EVENTS; i--) {
      const event = older[i] as RoomEvent;
      this.#length += lengthOf(event);
      if (this.#length > MAX_LENGTH) {
        this.#length -= lengthOf(event);
        return;
      }
      this.#tail.unshift(event);
    }
  }

  /** What is known of what was asked for. */
  known({ after = -1, before = Number.MAX_SAFE_INTEGER, last = MAX_EVENTS }: EventQuery): readonly RoomEvent[] {
    const found = this.#tail.filter(({ index }) => index > after && index < before);
    return found.slice(Math.max(0, found.length - last));
  }

  withKey(key: string): RoomEvent | undefined {
    const known = this.#tail.find(({ idempotencyKey }) => idempotencyKey === key);
    if (known) return known;
    for (const { events, first } of this.kept) {
      const at = events.findIndex(({ idempotencyKey }) => idempotencyKey === key);
      if (at >= 0) return { ...(events[at] as NewEvent), roomId: this.roomId, index: first + at };
    }
    return undefined;
  }

  #forget(): void {
    this.#tail = [];
    this.#length = 0;
  }
}

function lengthOf({ content }: RoomEvent): number {
  if (content.type === "text") return content.text.length;
  return content.type === "tool-result" ? content.result.length : JSON.stringify(content).length;
}
