import type { AIUsage, ChannelHost, HookPayloads } from "@roomkit/core";

/** What a reply has come to so far. */
export class ReplyAccount {
  /** All that was generated, as it was handed on. */
  text = "";
  status: "completed" | "aborted" | "failed" = "aborted";
  toolCalls = 0;
  /** The one second try has been used. */
  retried = false;
  #usage: AIUsage | undefined;

  get usage(): AIUsage | undefined {
    return this.#usage;
  }

  /** Adds a generation's usage; a count no generation gave stays absent. */
  addUsage(usage: AIUsage | undefined): void {
    if (!usage) return;
    const sum = (name: keyof AIUsage): Partial<Record<keyof AIUsage, number>> => {
      const added = usage[name];
      const before = this.#usage?.[name];
      return added === undefined && before === undefined ? {} : { [name]: (before ?? 0) + (added ?? 0) };
    };
    this.#usage = { ...sum("inputTokens"), ...sum("outputTokens"), ...sum("cachedInputTokens") };
  }
}

/** Tells the hooks what a reply has come to. */
export function announceReply(
  host: ChannelHost,
  account: ReplyAccount,
  of: Pick<HookPayloads["ON_AI_RESPONSE"], "roomId" | "channelId" | "turnId" | "provider" | "durationMs">,
): void {
  if (!host.hasHooks("ON_AI_RESPONSE", of.roomId)) return;
  const { text, status, toolCalls, usage } = account;
  host.notifyHooks("ON_AI_RESPONSE", { ...of, text, status, toolCalls, ...(usage && { usage }) });
}
