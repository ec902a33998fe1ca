import type { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { base64Frame, binaryFrame, textFrame } from "./frames.ts";

/** How `ws` itself frames a message, and reads one. */
const { Sender, Receiver } = ws as unknown as {
  Sender: { frame(data: Buffer, options: object): Buffer[] };
  Receiver: new (options: object) => Duplex;
};
const framed = (data: Buffer, opcode: number): Buffer =>
  Buffer.concat(Sender.frame(data, { fin: true, opcode, mask: false, rsv1: false, readOnly: true }));

const LENGTHS = [0, 1, 2, 3, 124, 125, 126, 127, 160, 65_534, 65_535, 65_536, 70_000];

describe("frames", () => {
  it.each(LENGTHS)("are those of the ws package, with %i bytes", (length) => {
    const bytes = Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255));
    expect(binaryFrame(bytes).equals(framed(bytes, 2))).toBe(true);
    const text = "x".repeat(length);
    expect(textFrame(text).equals(framed(Buffer.from(text), 1))).toBe(true);
    const audio = base64Frame('{"a":"', bytes, '"}');
    expect(audio.equals(framed(Buffer.from(`{"a":"${bytes.toString("base64")}"}`), 1))).toBe(true);
  });

  it("count bytes, not characters", () => {
    const text = "é€😀".repeat(9_000);
    expect(textFrame(text).equals(framed(Buffer.from(text), 1))).toBe(true);
  });

  it("are read one after the other", async () => {
    const receiver = new Receiver({ isServer: false });
    const read: string[] = [];
    receiver.on("message", (data: Buffer, isBinary: boolean) => read.push(isBinary ? "binary" : data.toString()));
    await new Promise<void>((resolve) => {
      receiver.write(
        Buffer.concat([textFrame("one"), base64Frame("<", Buffer.from("two"), ">"), binaryFrame(Buffer.alloc(9))]),
        () => setImmediate(resolve),
      );
    });
    expect(read).toEqual(["one", "<dHdv>", "binary"]);
  });
});
