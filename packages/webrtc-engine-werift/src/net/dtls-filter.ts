/** DTLS content types (RFC 6347, 4.1). */
const ALERT = 21;
const HANDSHAKE = 22;
const HEADER = 13;
/** Handshake bytes one client may send before the handshake is done: several certificates' worth. */
const MAX_HANDSHAKE_BYTES = 65_536;
/** Encrypted handshake records after that: a renegotiation nobody asked for. A retransmitted Finished is one. */
const MAX_LATE_RECORDS = 32;

export type DtlsVerdict = { readonly forward: Buffer | undefined; readonly dropped: string | undefined };

/**
 * Lets through only those DTLS records that may act. A plaintext alert proves nothing of who sent it, yet ends a session in an
 * implementation that believes it; so none passes. Once keys exist, nothing in plaintext passes at all: a repeated ClientHello
 * would begin the handshake anew.
 */
export class DtlsFilter {
  #handshakeBytes = 0;
  #lateRecords = 0;

  /** @param established whether the handshake is complete */
  pass(datagram: Buffer, established: boolean): DtlsVerdict {
    const kept: Buffer[] = [];
    let dropped: string | undefined;
    for (let at = 0; at < datagram.length; ) {
      if (at + HEADER > datagram.length) return { forward: undefined, dropped: "dtls_malformed" };
      const type = datagram[at] as number;
      const epoch = datagram.readUInt16BE(at + 3);
      const end = at + HEADER + datagram.readUInt16BE(at + 11);
      if (type < 20 || type > 23 || end > datagram.length || datagram[at + 1] !== 0xfe) {
        return { forward: undefined, dropped: "dtls_malformed" };
      }
      const reason = this.#refuse(type, epoch, end - at, established);
      if (reason === undefined) kept.push(datagram.subarray(at, end));
      else dropped = reason;
      at = end;
    }
    if (dropped === undefined) return { forward: datagram, dropped: undefined };
    return { forward: kept.length === 0 ? undefined : Buffer.concat(kept), dropped };
  }

  #refuse(type: number, epoch: number, bytes: number, established: boolean): string | undefined {
    if (epoch === 0) {
      if (type === ALERT) return "dtls_plain_alert";
      if (established) return "dtls_plain_record";
    }
    if (type !== HANDSHAKE) return undefined;
    if (established) return ++this.#lateRecords > MAX_LATE_RECORDS ? "dtls_renegotiation" : undefined;
    this.#handshakeBytes += bytes;
    return this.#handshakeBytes > MAX_HANDSHAKE_BYTES ? "dtls_handshake_flood" : undefined;
  }
}
