import { createHmac, randomBytes } from "node:crypto";

export interface StunMessageOptions {
  /** `ours:theirs`; absent: none is written. */
  readonly username?: string | undefined;
  /** What MESSAGE-INTEGRITY is computed with; absent: none is written. */
  readonly password?: string | undefined;
  /** With USE-CANDIDATE. Default false. */
  readonly nominate?: boolean | undefined;
  /** Written after MESSAGE-INTEGRITY, where anybody could have put it. */
  readonly appended?: Buffer | undefined;
  /** Default a binding request. */
  readonly type?: number | undefined;
  /** 12 bytes. Default random ones. */
  readonly transaction?: Buffer | undefined;
}

/** A STUN attribute, padded (RFC 8489, 14). */
export function stunAttribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** A STUN message as a client's connectivity check is, or nearly: for tests of what an engine takes and drops. */
export function stunMessage(options: StunMessageOptions): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(options.type ?? 0x0001, 0);
  header.writeUInt32BE(0x2112_a442, 4);
  (options.transaction ?? randomBytes(12)).copy(header, 8);
  const parts: Buffer[] = [
    stunAttribute(0x0024, Buffer.from([0x6e, 0, 1, 0xff])),
    stunAttribute(0x8029, randomBytes(8)),
  ];
  if (options.username !== undefined) parts.push(stunAttribute(0x0006, Buffer.from(options.username)));
  if (options.nominate) parts.push(stunAttribute(0x0025, Buffer.alloc(0)));
  if (options.password !== undefined) {
    const before = Buffer.concat([header, ...parts]);
    before.writeUInt16BE(before.length - 20 + 24, 2);
    parts.push(stunAttribute(0x0008, createHmac("sha1", options.password).update(before).digest()));
  }
  if (options.appended) parts.push(options.appended);
  const message = Buffer.concat([header, ...parts]);
  message.writeUInt16BE(message.length - 20, 2);
  return message;
}

/** A DTLS record of a content type (22: handshake) and an epoch; `version` 0xfefd is DTLS 1.2. */
export function dtlsRecord(type: number, epoch: number, body: Buffer, version = 0xfefd): Buffer {
  const header = Buffer.alloc(13);
  header[0] = type;
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(epoch, 3);
  header.writeUInt16BE(body.length, 11);
  return Buffer.concat([header, body]);
}
