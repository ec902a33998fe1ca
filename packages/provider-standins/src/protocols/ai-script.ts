/** What a scripted model answers, for every vendor alike. */
export interface ScriptedReply {
  /** Thinking, in pieces. */
  readonly reasoning?: readonly string[] | undefined;
  /** Text, in pieces. */
  readonly text?: readonly string[] | undefined;
  readonly toolCalls?: readonly ScriptedToolCall[] | undefined;
  /** Default: `tool-calls` when there are any, else `stop`. */
  readonly finish?: "stop" | "tool-calls" | "length" | "content-filter" | undefined;
  readonly usage?:
    | { readonly input: number; readonly output: number; readonly cached?: number | undefined }
    | undefined;
}

export interface ScriptedToolCall {
  /** Default: made up. */
  readonly id?: string | undefined;
  readonly name: string;
  /** JSON as it is streamed; it need not be valid. Empty for a call without arguments. */
  readonly arguments: string;
}

/** What a script is told of the request it answers. */
export interface ScriptedRequest {
  /** The last thing the user said. */
  readonly userText: string;
  /** Results of tools that came with this request. */
  readonly toolResults: readonly string[];
  /** The request's body. */
  readonly body: unknown;
}

export type AIScript = (request: ScriptedRequest) => ScriptedReply;

/** Says back what it heard, a word at a time. */
export const echoScript: AIScript = ({ userText }) => ({
  text: `You said: ${userText}`.split(/(?<= )/),
  usage: { input: 10, output: 5 },
});

/** JSON text in small pieces, as models stream it: never one whole token of it per piece. */
export function jsonPieces(json: string): string[] {
  return json.match(/.{1,7}/gs) ?? [];
}
