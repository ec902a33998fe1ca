import type { Fault } from "./fault.ts";

/** What happens in place of one frame a route sends. */
export type Step =
  | { readonly do: "send" }
  /** Kept back until the next frame was sent. */
  | { readonly do: "hold" }
  | { readonly do: "twice" }
  | { readonly do: "raw"; readonly bytes: string | Uint8Array }
  /** Another frame first, then this one. */
  | { readonly do: "insert"; readonly frame: unknown }
  /** Another frame instead; nothing after it on HTTP. */
  | { readonly do: "error"; readonly frame: unknown }
  | { readonly do: "end"; readonly fault: Fault };

/** Decides for each frame, by its number from 0, what a fault does to it. */
export function step(fault: Fault | undefined, index: number, defaults: { unknown: unknown; error: unknown }): Step {
  switch (fault?.kind) {
    case "cut":
    case "eof":
    case "stall":
    case "half-open":
    case "close":
      return index >= fault.after ? { do: "end", fault } : { do: "send" };
    case "malformed":
      return index === fault.after ? { do: "raw", bytes: fault.bytes } : { do: "send" };
    case "unknown-type":
      return index === fault.after ? { do: "insert", frame: fault.frame ?? defaults.unknown } : { do: "send" };
    case "inband-error":
      return index === fault.after ? { do: "error", frame: fault.frame ?? defaults.error } : { do: "send" };
    case "duplicate":
      return { do: index === fault.at ? "twice" : "send" };
    case "reorder":
      return { do: index === fault.at ? "hold" : "send" };
    default:
      return { do: "send" };
  }
}
