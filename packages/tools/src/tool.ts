import type { ToolDefinition, VoiceSession } from "@roomkit/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { HandoffRequest } from "./handoff.ts";

/** What surrounds one run of a tool. */
export interface ToolContext {
  /**
   * Aborts when the reply is cancelled or the tool's time is up. A tool that stops then, having done nothing, throws the signal's
   * reason (or any AbortError); one that has done its work, or goes on with it, gives its result: the model hears of it.
   */
  readonly signal: AbortSignal;
  readonly roomId: string;
  /** The session whose words caused the call, when a voice session did. */
  readonly session?: VoiceSession | undefined;
  /** Names the call; the same id in the room's `tool-call` and `tool-result` events. */
  readonly callId: string;
  /**
   * Passes the floor to another assistant, where the channel can; resolves with what the model is to be told.
   * @throws RoomKitError `handoff_target_gone`, `handoff_not_on_floor`, `handoff_limit`, `handoff_unsupported`.
   */
  readonly handOff?: ((request: HandoffRequest) => Promise<string>) | undefined;
}

/** Something the model may have done. */
export interface Tool<Args = unknown> extends ToolDefinition {
  /** Longest run in ms; default the channel's `toolTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Checks the arguments in place of `parameters`, and gives `execute` what it makes of them. */
  readonly schema?: StandardSchemaV1<unknown, Args> | undefined;
  /**
   * Runs the call. `args` has been checked against `schema`, or `parameters`. A string is given to the model as it is, anything else as
   * JSON. What it throws is not shown to the model, except the message of a RoomKitError `tool_failed`.
   */
  execute(args: Args, context: ToolContext): unknown;
}

/** The arguments `execute` gets: what a Standard Schema gives, or what a JSON Schema describes, as far as types can say it. */
export type ArgumentsOf<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : DescribedBy<S>;

/** `unknown` for what types cannot say. */
type DescribedBy<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly type: infer Type }
      ? Type extends "string"
        ? string
        : Type extends "number" | "integer"
          ? number
          : Type extends "boolean"
            ? boolean
            : Type extends "null"
              ? null
              : Type extends "array"
                ? S extends { readonly items: infer Items }
                  ? DescribedBy<Items>[]
                  : unknown[]
                : Type extends "object"
                  ? ObjectOf<S>
                  : unknown
      : unknown;

type RequiredOf<S> = S extends { readonly required: readonly (infer Name)[] } ? Name : never;

type ObjectOf<S> = S extends { readonly properties: infer Properties }
  ? { -readonly [K in keyof Properties as K extends RequiredOf<S> ? K : never]: DescribedBy<Properties[K]> } & {
      -readonly [K in keyof Properties as K extends RequiredOf<S> ? never : K]?: DescribedBy<Properties[K]>;
    }
  : Record<string, unknown>;
