import { type Clock, RoomKitError, withTimeout } from "@roomkit/core";

const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** Reads a web-standard request's body as text, never more than an offer may have. @throws RoomKitError `payload_too_large`, `timeout`. */
export async function readText(request: Request, clock: Clock): Promise<string> {
  if (Number(request.headers.get("content-length")) > MAX_BYTES) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return "";
  const parts: Uint8Array[] = [];
  const read = async (): Promise<string> => {
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(parts).toString("utf8");
      size += value.byteLength;
      if (size > MAX_BYTES) throw tooLarge();
      parts.push(value);
    }
  };
  try {
    return await withTimeout(read(), TIMEOUT_MS, { clock, what: "reading a request body" });
  } finally {
    reader.cancel().catch(() => {});
  }
}

function tooLarge(): RoomKitError {
  return new RoomKitError("payload_too_large", `a body holds at most ${MAX_BYTES} bytes`);
}
