import type { RoomKitError } from "../errors/error.ts";
import type { FallbackListening } from "./fallback.ts";

/** A JSON Schema object, as the vendors' tool definitions take it. */
export type JsonSchema = { readonly [key: string]: unknown };

/** A tool as the model sees it. */
export interface ToolDefinition {
  /** `^[a-zA-Z0-9_-]{1,64}$` */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: JsonSchema;
}

/** A call the model made. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** Parsed JSON arguments, not yet validated. */
  readonly arguments: unknown;
}

/** What the model is shown of the conversation so far. */
export type AIMessage =
  | { readonly role: "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      readonly toolCalls?: readonly ToolCall[] | undefined;
      /** What the same provider gave in `finish`, returned to it unread (signatures, reasoning blocks). */
      readonly providerData?: unknown;
    }
  | {
      readonly role: "tool";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly content: string;
      readonly isError?: boolean | undefined;
    };

export interface AIRequest {
  /** Instructions that stand before the conversation. */
  readonly system?: string | undefined;
  /** Oldest first; ends with a user or tool message. */
  readonly messages: readonly AIMessage[];
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** Default `auto`. */
  readonly toolChoice?: "auto" | "none" | "required" | undefined;
  /** Ignored by models that do not take it. */
  readonly temperature?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** Options only this provider knows. */
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
}

export interface AIUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
}

export type FinishReason = "stop" | "tool-calls" | "length" | "content-filter" | "other";

/** One thing a model yields. A stream ends with exactly one `finish` or one `error`, or throws `aborted`. */
export type AIPart =
  | { readonly type: "text-delta"; readonly text: string }
  /** Thinking: never spoken, never stored. */
  | { readonly type: "reasoning-delta"; readonly text: string }
  | ({ readonly type: "tool-call" } & ToolCall)
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly usage?: AIUsage | undefined;
      readonly providerData?: unknown;
    }
  | { readonly type: "error"; readonly error: RoomKitError };

export interface AICapabilities {
  readonly tools: boolean;
}

export interface AIOptions extends FallbackListening {
  /** Stops generation at once. */
  readonly signal: AbortSignal;
}

/** A language model. */
export interface AIProvider {
  readonly name: string;
  readonly capabilities: AICapabilities;
  generate(request: AIRequest, options: AIOptions): AsyncIterable<AIPart>;
  /** Loads models or libraries ahead of the first call; optional to call, safe to call twice. */
  warmUp?(signal?: AbortSignal): Promise<void>;
  /**
   * Releases models and connections. What runs ends with an `error` part of the code `closed`, and so does every later call; what is
   * being prepared ends with `closed`. Idempotent: again, or twice at once, it resolves when all is released. Whoever made the
   * provider closes it; who was given it does not.
   */
  close?(): Promise<void>;
}
