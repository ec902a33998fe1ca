import { createHmac, randomBytes } from "node:crypto";

export interface RequestOptions {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly nominate?: boolean;
  /** Written after MESSAGE-INTEGRITY, where anybody could have put it. */
  readonly appended?: Buffer;
  /** Default a binding request. */
  readonly type?: number;
  readonly transaction?: Buffer;
}

export function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** A STUN message, written without the code under test. */
export function stunMessage(options: RequestOptions): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(options.type ?? 0x0001, 0);
  header.writeUInt32BE(0x2112_a442, 4);
  (options.transaction ?? randomBytes(12)).copy(header, 8);
  const parts: Buffer[] = [attribute(0x0024, Buffer.from([0x6e, 0, 1, 0xff])), attribute(0x8029, randomBytes(8))];
  if (options.username !== undefined) parts.push(attribute(0x0006, Buffer.from(options.username)));
  if (options.nominate) parts.push(attribute(0x0025, Buffer.alloc(0)));
  if (options.password !== undefined) {
    const before = Buffer.concat([header, ...parts]);
    before.writeUInt16BE(before.length - 20 + 24, 2);
    parts.push(attribute(0x0008, createHmac("sha1", options.password).update(before).digest()));
  }
  if (options.appended) parts.push(options.appended);
  const message = Buffer.concat([header, ...parts]);
  message.writeUInt16BE(message.length - 20, 2);
  return message;
}

/** A DTLS record. */
export function dtlsRecord(type: number, epoch: number, body: Buffer, version = 0xfefd): Buffer {
  const header = Buffer.alloc(13);
  header[0] = type;
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(epoch, 3);
  header.writeUInt16BE(body.length, 11);
  return Buffer.concat([header, body]);
}
