import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { until } from "../rig.fixture.ts";

/** A TCP connection that says exactly what a test tells it to. */
export class Raw {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  closed = false;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (part: Buffer) => {
      this.received = Buffer.concat([this.received, part]);
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", () => {});
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  /** Status of the HTTP answer so far. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.text)?.[1] ?? 0);
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Close code of the close frame received, if there is one at the end. */
  get closeCode(): number | undefined {
    const body = this.received.subarray(this.received.indexOf("\r\n\r\n") + 4);
    for (let at = 0; at + 1 < body.length; ) {
      const opcode = (body[at] as number) & 15;
      let length = (body[at + 1] as number) & 127;
      let header = 2;
      if (length === 126) {
        length = body.readUInt16BE(at + 2);
        header = 4;
      } else if (length === 127) {
        length = Number(body.readBigUInt64BE(at + 2));
        header = 10;
      }
      if (opcode === 8) return length >= 2 ? body.readUInt16BE(at + header) : 1005;
      at += header + length;
    }
    return undefined;
  }
}

export interface HandshakeOptions {
  readonly path?: string | undefined;
  readonly version?: string | undefined;
  readonly key?: string | undefined;
  readonly wsVersion?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: readonly string[] | undefined;
}

export function handshake(options: HandshakeOptions = {}): string {
  const {
    path = "/voice/websocket/offer",
    version = "1.1",
    key = randomBytes(16).toString("base64"),
    method = "GET",
  } = options;
  return [
    `${method} ${path} HTTP/${version}`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${options.wsVersion ?? "13"}`,
    ...(options.headers ?? []),
    "",
    "",
  ].join("\r\n");
}

/** A raw connection after a good handshake. */
export async function openRaw(port: number): Promise<Raw> {
  const raw = new Raw(port);
  raw.write(handshake());
  await until(() => raw.text.includes("\r\n\r\n"), "a handshake");
  return raw;
}

export interface FrameOptions {
  readonly fin?: boolean | undefined;
  readonly mask?: boolean | undefined;
  readonly rsv?: number | undefined;
  /** The length to claim, when it is not the payload's. */
  readonly length?: bigint | undefined;
}

/** A WebSocket frame as RFC 6455 section 5.2 draws it, or not. */
export function frame(opcode: number, payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { fin = true, mask = true, rsv = 0 } = options;
  const body = Buffer.from(payload);
  const length = options.length ?? BigInt(body.length);
  const head = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10);
  head[0] = (fin ? 128 : 0) | (rsv << 4) | opcode;
  const bit = mask ? 128 : 0;
  if (length < 126n) head[1] = bit | Number(length);
  else if (length < 65_536n) {
    head[1] = bit | 126;
    head.writeUInt16BE(Number(length), 2);
  } else {
    head[1] = bit | 127;
    head.writeBigUInt64BE(length, 2);
  }
  if (!mask) return Buffer.concat([head, body]);
  const key = randomBytes(4);
  const masked = Buffer.from(body.map((byte, i) => byte ^ (key[i % 4] as number)));
  return Buffer.concat([head, key, masked]);
}
