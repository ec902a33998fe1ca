import { dtlsRecord } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { DtlsFilter } from "./dtls-filter.ts";

const alert = (epoch: number): Buffer => dtlsRecord(21, epoch, Buffer.of(1, 0));
const handshake = (epoch: number, bytes = 40): Buffer => dtlsRecord(22, epoch, Buffer.alloc(bytes, 7));
const data = (epoch: number): Buffer => dtlsRecord(23, epoch, Buffer.alloc(30));

describe("DtlsFilter", () => {
  it("never passes an alert in plain text: anybody could have sent it", () => {
    const filter = new DtlsFilter();
    // The 15 bytes that end an unguarded session.
    const forged = Buffer.from("15fefd000000000000000900020100", "hex");
    for (const established of [false, true]) expect(filter.pass(forged, established).forward).toBeUndefined();
    expect(filter.pass(alert(1), true).forward).toEqual(alert(1));
  });

  it("passes the handshake, and after it nothing in plain text", () => {
    const filter = new DtlsFilter();
    expect(filter.pass(handshake(0), false).forward).toEqual(handshake(0));
    expect(filter.pass(handshake(0), true)).toEqual({ forward: undefined, dropped: "dtls_plain_record" });
    expect(filter.pass(data(1), true).forward).toEqual(data(1));
  });

  it("keeps the good records of a datagram and leaves out the rest", () => {
    const filter = new DtlsFilter();
    // A retransmitted last flight: certificate in plain text, Finished encrypted.
    const flight = Buffer.concat([handshake(0), dtlsRecord(20, 0, Buffer.of(1)), handshake(1)]);
    expect(filter.pass(flight, true).forward).toEqual(handshake(1));
    expect(filter.pass(flight, false).forward).toEqual(flight);
  });

  it("drops what is malformed", () => {
    const filter = new DtlsFilter();
    for (const bad of [
      dtlsRecord(24, 0, Buffer.alloc(3)),
      dtlsRecord(19, 0, Buffer.alloc(3)),
      dtlsRecord(22, 0, Buffer.alloc(3), 0x0303),
      handshake(0).subarray(0, -1),
      Buffer.concat([handshake(0), Buffer.of(22, 0xfe)]),
    ]) {
      expect(filter.pass(bad, false)).toEqual({ forward: undefined, dropped: "dtls_malformed" });
    }
  });

  it("bounds the handshake, and renegotiation after it", () => {
    const filter = new DtlsFilter();
    let passed = 0;
    for (let i = 0; i < 1_000; i++) if (filter.pass(handshake(0, 1_000), false).forward) passed++;
    expect(passed).toBe(64);
    const late = new DtlsFilter();
    passed = 0;
    for (let i = 0; i < 1_000; i++) if (late.pass(handshake(1), true).forward) passed++;
    expect(passed).toBe(32);
  });
});
