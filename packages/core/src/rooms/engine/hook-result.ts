import { RoomKitError } from "../../errors/error.ts";
import type { EventDraft } from "../event.ts";
import type { HookPayloads, HookResult, HookTrigger } from "../hooks.ts";
import { assertDraft } from "./content.ts";

/**
 * Checks what a sync hook answered. A replacement must be of the same kind as what it replaces: a redaction that broke must
 * not pass as "no change".
 *
 * @throws RoomKitError `invalid_hook_result`.
 */
export function checkHookResult<K extends HookTrigger>(payload: HookPayloads[K], result: unknown): HookResult<K> {
  if (result === undefined || result === null) return { action: "allow" };
  if (typeof result !== "object") throw broken("a hook answers allow, block, modify or nothing");
  const { action } = result as { action?: unknown };
  if (action === "allow") return { action };
  if (action === "block") {
    const { reason } = result as { reason?: unknown };
    return typeof reason === "string" ? { action, reason } : { action };
  }
  if (action !== "modify") throw broken("a hook answers allow, block, modify or nothing");
  const change = (result as { payload?: unknown }).payload;
  if (typeof change !== "object" || change === null) throw broken("modify needs a payload");
  for (const [key, value] of Object.entries(change)) checkField(payload, key, value);
  return { action, payload: change as Partial<HookPayloads[K]> };
}

function checkField(payload: object, key: string, value: unknown): void {
  const before = (payload as Record<string, unknown>)[key];
  if (key === "roomId" && value !== before) throw broken("a hook cannot move something to another room");
  if (before !== undefined && (typeof value !== typeof before || (value === null) !== (before === null))) {
    throw broken(`modify gave ${key} as ${value === null ? "null" : typeof value}, not ${typeof before}`);
  }
  if (key === "event") assertEvent(value as EventDraft);
}

function assertEvent(event: EventDraft): void {
  try {
    assertDraft(event);
  } catch (error) {
    throw new RoomKitError("invalid_hook_result", "modify gave an event that is none", { cause: error });
  }
}

function broken(message: string): RoomKitError {
  return new RoomKitError("invalid_hook_result", message);
}
