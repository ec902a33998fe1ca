import { abortedError, BoundedQueue, type RealtimeEvent, type RealtimeProvider } from "@roomkit/core";

/**
 * One whole operation of a speech-to-speech provider, for the fault matrix: connects, asks for an answer to `text`, gives its
 * events to the end of the response.
 *
 * @throws what ended the session; RoomKitError `aborted`.
 */
export async function* realtimeAnswer(
  provider: RealtimeProvider,
  text: string,
  signal: AbortSignal,
): AsyncGenerator<RealtimeEvent, void, undefined> {
  const events = new BoundedQueue<RealtimeEvent>({ capacity: 10_000, overflow: "throw" });
  const session = await provider.connect({}, { signal });
  const onAbort = (): void => events.fail(abortedError(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  session.onEvent((event) => events.push(event));
  try {
    session.sendText(text);
    for await (const event of events) {
      if (event.type === "error") throw event.error;
      yield event;
      // One that was cut off is followed by the reason.
      if (event.type === "response-end" && event.status === "completed") return;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    await session.close();
  }
}
