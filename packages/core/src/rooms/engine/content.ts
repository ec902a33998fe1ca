import { RoomKitError } from "../../errors/error.ts";
import type { EventContent, EventDraft } from "../event.ts";

/** Whether a value from outside is event content, whole. */
function isEventContent(value: unknown): value is EventContent {
  if (typeof value !== "object" || value === null) return false;
  const content = value as Record<string, unknown>;
  switch (content.type) {
    case "text":
      return typeof content.text === "string";
    case "tool-call":
      return typeof content.callId === "string" && typeof content.name === "string";
    case "tool-result":
      return (
        typeof content.callId === "string" &&
        typeof content.name === "string" &&
        typeof content.result === "string" &&
        typeof content.isError === "boolean"
      );
    case "system":
      return typeof content.code === "string";
    default:
      return false;
  }
}

/** Checks a draft from outside. @throws RoomKitError `invalid_message`. */
export function assertDraft(draft: EventDraft): void {
  const fail = (message: string): never => {
    throw new RoomKitError("invalid_message", message);
  };
  if (typeof draft !== "object" || draft === null) fail("an event must be an object");
  if (!isEventContent(draft.content)) fail("an event needs content of a known type");
  const source: unknown = draft.source;
  if (typeof source !== "object" || source === null) fail("an event needs a source");
  if (typeof draft.source.channelId !== "string" || draft.source.channelId === "")
    fail("an event needs the id of its channel");
  if (!["user", "assistant", "system"].includes(draft.source.role)) fail("role must be user, assistant or system");
  if (draft.createdAt !== undefined && !Number.isFinite(draft.createdAt)) fail("createdAt must be a time in ms");
  for (const key of ["idempotencyKey", "correlationId", "parentEventId"] as const) {
    const value: unknown = draft[key];
    if (value !== undefined && (typeof value !== "string" || value === ""))
      fail(`${key} must be a string with something in it`);
  }
  const outbox: unknown = draft.outbox;
  if (outbox !== undefined && !(Array.isArray(outbox) && outbox.length <= MAX_OUTBOX && outbox.every(isOutboxDraft)))
    fail(`outbox must be a list of at most ${MAX_OUTBOX}, each with a topic`);
}

const MAX_OUTBOX = 100;

function isOutboxDraft(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { topic?: unknown }).topic === "string";
}
