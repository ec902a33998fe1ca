/** Bytes of one answer that is read as a whole; what a program says at once has the same bound in the SDK. */
const MAX_ANSWER_BYTES = 10 * 1024 * 1024;

/** `fetch`, whose answers have an end. A stream of events may go on: its messages come one by one. */
export async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const { body, headers } = response;
  if (!body || headers.get("content-type")?.startsWith("text/event-stream")) return response;
  let read = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        read += chunk.byteLength;
        if (read > MAX_ANSWER_BYTES) controller.error(new Error("the answer is too long"));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText } = response;
  return new Response(counted, { status, statusText, headers });
}
