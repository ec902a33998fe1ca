import type { AIMessage, Channel, ChannelHost, VoiceSession } from "@roomkit/core";
import type { ResolvedOptions } from "../options.ts";
import type { ToolSet } from "../tools/tool-set.ts";

/** Everything one reply is made from. Nothing of it outlives the reply, and no two replies share a changing part. */
export interface Turn {
  readonly host: ChannelHost;
  readonly channelId: Channel["id"];
  readonly roomId: string;
  readonly session?: VoiceSession;
  /** Of the event that is answered. */
  readonly correlationId?: string;
  readonly system: string | undefined;
  /** Reads the conversation; called once, when the reply is first wanted. */
  readonly messages: () => Promise<AIMessage[]>;
  readonly tools: ToolSet;
  readonly options: ResolvedOptions;
}
