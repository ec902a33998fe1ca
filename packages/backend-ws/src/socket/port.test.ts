import { type AddressInfo, connect, createServer, type Socket } from "node:net";
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

function open<N extends Duplex = FakeNetwork>(hardBufferBytes = 1_000, network: N = new FakeNetwork() as Duplex as N) {
  const socket = new FakeSocket();
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

  it("writes the same bytes over and over only when they have left: nothing of what a slow reader is sent is lost or changed", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const reader = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const network = await accepted;
    const { port } = open(undefined, network);
    reader.pause();
    const sent: Buffer[] = [];
    let waited = 0;
    // More than the operating system takes while nobody reads; at the end of it all is read, and what follows leaves at once again.
    for (let i = 0; i < 60_000 && waited < 2_000; i++) {
      const body = `message ${i} ${"x".repeat(i % 300)}`;
      sent.push(Buffer.from(textFrame(body)));
      port.send(body);
      if (network.writableLength > 0) waited++;
    }
    expect(waited).toBe(2_000);
    const received: Buffer[] = [];
    reader.on("data", (bytes) => received.push(bytes)).resume();
    const length = (of: readonly Buffer[]): number => of.reduce((sum, part) => sum + part.length, 0);
    while (length(received) < length(sent)) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 200; i++) {
      sent.push(Buffer.from(textFrame(`after ${i}`)));
      port.send(`after ${i}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (length(received) < length(sent)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
    reader.destroy();
    network.destroy();
    server.close();
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
