import { encodedBytes, writeBase64 } from "@roomkit/protocol";

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** A whole WebSocket message of a server (RFC 6455, section 5.2: final, not masked), in one piece of memory so that it is one write. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const at = headerBytes(length);
  const frame = begin(FINAL_TEXT, length);
  frame.write(text, at);
  return frame;
}

export function binaryFrame(bytes: Uint8Array): Buffer {
  const frame = begin(FINAL_BINARY, bytes.length);
  frame.set(bytes, headerBytes(bytes.length));
  return frame;
}

/** A text message: the base64 of `bytes` between two texts of ASCII. */
export function base64Frame(before: string, bytes: Uint8Array, after: string): Buffer {
  const length = before.length + encodedBytes(bytes.length) + after.length;
  let at = headerBytes(length);
  const frame = begin(FINAL_TEXT, length);
  at += frame.write(before, at, "latin1");
  at = writeBase64(bytes, frame, at);
  frame.write(after, at, "latin1");
  return frame;
}

function headerBytes(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

function begin(kind: number, length: number): Buffer {
  const header = headerBytes(length);
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = kind;
  if (header === 2) {
    frame[1] = length;
  } else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  return frame;
}
