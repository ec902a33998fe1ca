import type { AIMessage, PreparedGeneration, RoomKitError } from "@roomkit/core";
import type { ToolScope } from "@roomkit/tools";
import type { ResolvedOptions } from "../options.ts";

/** The instructions of a reply, or what kept them from being written. */
export interface Instructions {
  readonly system?: string | undefined;
  readonly failure?: RoomKitError | undefined;
}

/** Everything one reply is made from. Nothing of it outlives the reply, and no two replies share a changing part. */
export interface Turn extends ToolScope {
  readonly system: string | undefined;
  /** Reads the conversation; called once, when the reply is first wanted. */
  readonly messages: () => Promise<AIMessage[]>;
  readonly options: ResolvedOptions;
  /** Another assistant speaks now: this one has said what it had to say. */
  readonly passed: () => boolean;
  /** What was made of the reply before it was known to be wanted. */
  readonly prepared: PreparedGeneration | undefined;
}
