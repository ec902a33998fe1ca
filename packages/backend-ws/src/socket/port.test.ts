import { Duplex } from "node:stream";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { FakeSocket } from "./fake-socket.fixture.ts";
import { base64Frame, binaryFrame, textFrame } from "./frames.ts";
import { SocketPort } from "./port.ts";

/** A network socket that keeps what each write was. */
class FakeNetwork extends Duplex {
  readonly writes: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.writes.push(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }
}

function open(hardBufferBytes = 1_000) {
  const socket = new FakeSocket();
  const network = new FakeNetwork();
  const overflows: string[] = [];
  const nothing = (): void => {};
  const port = new SocketPort(socket, {
    clock: new VirtualClock(),
    hardBufferBytes,
    network,
    handlers: {
      ...{ text: nothing, binary: nothing, alive: nothing, pinged: nothing, gone: nothing },
      overflow: () => overflows.push("overflow"),
    },
  });
  return { socket, network, port, overflows };
}

describe("SocketPort over a network socket that is known", () => {
  it("writes each message as one piece, past the WebSocket", () => {
    const { socket, network, port } = open();
    port.send("text");
    port.send(Uint8Array.of(1, 2, 3));
    port.sendBase64('{"a":"', Uint8Array.of(4, 5), '"}');
    expect(socket.sent).toEqual([]);
    const expected = [textFrame("text"), binaryFrame(Uint8Array.of(1, 2, 3))];
    expect(network.writes).toEqual([...expected, base64Frame('{"a":"', Uint8Array.of(4, 5), '"}')]);
  });

  it("writes what is sent together in one write, in order", () => {
    const { network, port } = open();
    port.together(() => {
      port.send("one");
      port.send("two");
      expect(network.writes).toEqual([]);
    });
    port.send("three");
    expect(network.writes).toEqual([Buffer.concat([textFrame("one"), textFrame("two")]), textFrame("three")]);
  });

  it("lets go what was sent together also when the work fails", () => {
    const { network, port } = open();
    const failing = (): void => {
      port.send("one");
      throw new Error("no");
    };
    expect(() => port.together(failing)).toThrow("no");
    expect(network.writes).toEqual([textFrame("one")]);
    expect(network.writableCorked).toBe(0);
  });

  it("writes nothing once it closes, or once the WebSocket does", async () => {
    const closing = open();
    void closing.port.close(1000, "bye");
    closing.port.send("late");
    closing.port.sendBase64("", Uint8Array.of(1), "");
    expect(closing.network.writes).toEqual([]);
    const closed = open();
    closed.socket.readyState = 2;
    closed.port.send("late");
    expect(closed.network.writes).toEqual([]);
  });

  it("closes a client that does not read, whichever way it is written to", () => {
    const { socket, port, overflows } = open(10);
    socket.bufferedAmount = 11;
    port.sendBase64("<", Uint8Array.of(1), ">");
    expect(overflows).toEqual(["overflow"]);
    expect(socket.closed?.code).toBe(1013);
  });
});

describe("SocketPort without one", () => {
  it("hands messages to the WebSocket, base64 as text", () => {
    const socket = new FakeSocket();
    const nothing = (): void => {};
    const port = new SocketPort(socket, {
      clock: new VirtualClock(),
      hardBufferBytes: 1_000,
      handlers: { text: nothing, binary: nothing, alive: nothing, pinged: nothing, gone: nothing, overflow: nothing },
    });
    port.together(() => port.sendBase64('{"a":"', Uint8Array.of(4, 5), '"}'));
    expect(socket.sent).toEqual(['{"a":"BAU="}']);
  });
});
