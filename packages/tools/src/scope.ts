import type { ChannelHost, VoiceSession } from "@roomkit/core";
import type { HandoffRequest } from "./handoff.ts";
import type { ToolSet } from "./tool-set.ts";

/** Where calls are made: for whom, with which tools, within which limits. */
export interface ToolScope {
  readonly host: ChannelHost;
  readonly channelId: string;
  readonly roomId: string;
  /** The session whose words cause the calls, when a voice session does. */
  readonly session?: VoiceSession | undefined;
  /** Joins the calls to their turn in the room's log. */
  readonly correlationId?: string | undefined;
  /** Ends when nobody is left to be told what became of a call: the channel is closed. */
  readonly lifetime?: AbortSignal | undefined;
  readonly tools: ToolSet;
  /** See `ToolContext.handOff`; `signal` aborts when the call is called off. */
  readonly handOff?: ((request: HandoffRequest, signal: AbortSignal) => Promise<string>) | undefined;
  readonly toolLimits: {
    /** Longest run of a tool that sets no time of its own, ms. */
    readonly timeoutMs: number;
    /** Characters of a result that are kept. */
    readonly resultMaxLength: number;
  };
}
