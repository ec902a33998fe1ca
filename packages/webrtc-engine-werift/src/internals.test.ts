import { dtlsRecord } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { helloVerifiedOnce } from "./internals.ts";

describe("helloVerifiedOnce", () => {
  it("lets everything through but a second HelloVerifyRequest", () => {
    const verify = dtlsRecord(22, 0, Buffer.of(3, 0, 0, 1, 0, 0));
    const hello = dtlsRecord(22, 0, Buffer.of(2, 0, 0, 1, 0, 1));
    const encrypted = dtlsRecord(22, 1, Buffer.of(3, 9, 9, 9));
    const data = dtlsRecord(23, 1, Buffer.of(3, 9));
    const short = Buffer.of(22, 254, 253);
    const got: Buffer[] = [];
    const deliver = helloVerifiedOnce((datagram) => got.push(datagram));
    for (const datagram of [hello, verify, verify, encrypted, hello, data, short, verify, encrypted]) deliver(datagram);
    expect(got).toEqual([hello, verify, encrypted, hello, data, short, encrypted]);
  });
});
