import { encodedBytes, writeBase64 } from "@roomkit/protocol";

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** Frames are cut from memory of so many bytes; longer ones than a quarter of it have their own. */
const TOGETHER = 16_384;
let memory = Buffer.allocUnsafeSlow(TOGETHER);
let used = 0;

/** The newest frame has left, and nobody will look at it again: its memory is the next one's, as nearly always. */
export function reuse(frame: Buffer): void {
  if (frame.buffer === memory.buffer && frame.byteOffset + frame.length === used) used -= frame.length;
}

function cut(length: number): Buffer {
  if (length > TOGETHER / 4) return Buffer.allocUnsafeSlow(length);
  if (used + length > TOGETHER) {
    memory = Buffer.allocUnsafeSlow(TOGETHER);
    used = 0;
  }
  used += length;
  return memory.subarray(used - length, used);
}

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
  const frame = cut(header + length);
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
