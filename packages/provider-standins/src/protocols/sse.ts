/** A frame as a server-sent event with its name, the way Anthropic and OpenAI's Responses send them. */
export function namedEvent(frame: unknown): string {
  const { type } = frame as { type?: string | undefined };
  return `event: ${type ?? "message"}\ndata: ${JSON.stringify(frame)}\n\n`;
}

export const EVENT_STREAM: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
};
