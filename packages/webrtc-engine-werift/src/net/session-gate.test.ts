import { randomBytes } from "node:crypto";
import { dtlsRecord, stunAttribute, stunMessage } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type GateOptions, SessionGate } from "./session-gate.ts";
import { readBindingRequest, stunKind } from "./stun.ts";

const username = "server:client";
const password = "a password of the server's";
const [address, port] = ["203.0.113.7", 40_000];

function open(options: Partial<GateOptions> = {}): {
  gate: SessionGate;
  stun: Buffer[];
  dtls: Buffer[];
  srtp: Buffer[];
  handle: (data: Buffer, from?: string, fromPort?: number) => string;
  clock: { now: number };
} {
  const [stun, dtls, srtp]: [Buffer[], Buffer[], Buffer[]] = [[], [], []];
  const clock = { now: 0 };
  const gate = new SessionGate({
    localFragment: "server",
    localPassword: password,
    remoteFragment: "client",
    remoteAddresses: 32,
    now: () => clock.now,
    onDtls: (d) => dtls.push(d),
    onSrtp: (d) => srtp.push(d),
    isValidated: () => false,
    established: () => false,
    ...options,
  });
  const handle = (data: Buffer, from = address, fromPort = port): string =>
    gate.handle(data, from, fromPort, (message) => stun.push(message));
  return { gate, stun, dtls, srtp, handle, clock };
}

describe("SessionGate", () => {
  it("passes a request that proves our credentials, and from then on its address", () => {
    const { gate, stun, dtls, srtp, handle } = open();
    const hello = dtlsRecord(22, 0, randomBytes(60), 0xfeff);
    expect(handle(hello)).toBe("dropped");
    expect(handle(stunMessage({ username, password }))).toBe("request");
    expect(stun.length).toBe(1);
    expect(handle(hello)).toBe("accepted");
    expect(dtls).toEqual([hello]);
    expect(handle(Buffer.concat([Buffer.of(0x80, 111), randomBytes(40)]))).toBe("accepted");
    expect(srtp.length).toBe(1);
    expect(handle(hello, "203.0.113.8")).toBe("dropped");
    expect(handle(hello, address, port + 1)).toBe("dropped");
    expect(gate.dropped).toEqual({ off_path: 3 });
  });

  it("drops requests without, or with wrong, credentials, and answers none", () => {
    const { gate, stun, handle } = open();
    for (const wrong of [
      {},
      { username },
      { password },
      { username, password: "another" },
      { username: "server:someone", password },
      { username: "someone:client", password },
      { username: "server", password },
      { username: "__proto__:client", password },
      { username: "", password },
    ]) {
      expect(handle(stunMessage(wrong))).toBe("dropped");
    }
    const tampered = stunMessage({ username, password });
    tampered[40] = (tampered[40] as number) ^ 1;
    expect(handle(tampered)).toBe("dropped");
    expect(stun).toEqual([]);
    expect(gate.dropped).toEqual({ stun_unauthenticated: 10 });
    expect(gate.remoteAddresses).toBe(0);
  });

  it("cuts off what was appended after the proof", () => {
    const { stun, handle } = open();
    const message = stunMessage({ username, password, appended: stunAttribute(0x0025, Buffer.alloc(0)) });
    expect(handle(message)).toBe("request");
    const passed = stun[0] as Buffer;
    expect(stunKind(passed)).toBe("request");
    expect(readBindingRequest(passed)).toMatchObject({ nominates: false });
    expect(passed.includes(stunAttribute(0x0025, Buffer.alloc(0)))).toBe(false);
  });

  it("tells of nominations, authenticated ones only", () => {
    const nominated: string[] = [];
    const { handle } = open({ onNominated: (a, p) => nominated.push(`${a}:${p}`) });
    handle(stunMessage({ username, nominate: true }));
    handle(stunMessage({ username, password }));
    expect(nominated).toEqual([]);
    handle(stunMessage({ username, password, nominate: true }));
    expect(nominated).toEqual([`${address}:${port}`]);
  });

  it("takes answers only to requests of ours, once each", () => {
    const { gate, stun, handle } = open();
    const transaction = randomBytes(12);
    const answer = stunMessage({ type: 0x0101, transaction });
    expect(handle(answer)).toBe("dropped");
    expect(gate.noteSent(stunMessage({ username, password, transaction }))).toBe(transaction.toString("latin1"));
    expect(handle(answer)).toBe("accepted");
    expect(handle(answer)).toBe("dropped");
    expect(stun.length).toBe(1);
    expect(gate.noteSent(dtlsRecord(22, 0, randomBytes(30)))).toBeUndefined();
  });

  it("takes the one error answer that calls for an action, and not for ever", () => {
    const { gate, stun, handle } = open();
    const error = (code: number): Buffer => {
      const transaction = randomBytes(12);
      gate.noteSent(stunMessage({ transaction }));
      return stunMessage({
        type: 0x0111,
        transaction,
        appended: stunAttribute(0x0009, Buffer.of(0, 0, Math.floor(code / 100), code % 100)),
      });
    };
    expect(handle(error(401))).toBe("dropped");
    for (let i = 0; i < 50; i++) handle(error(487));
    expect(stun.length).toBe(16);
  });

  it("bounds addresses, requests and transactions", () => {
    const { gate, stun, handle, clock } = open({ remoteAddresses: 4 });
    for (let i = 0; i < 400; i++) {
      clock.now += 50;
      handle(stunMessage({ username, password }), "203.0.113.7", 30_000 + i);
    }
    expect(gate.remoteAddresses).toBe(4);
    expect(gate.dropped.too_many_addresses).toBe(396);
    // A client that moves on for good is followed all the same.
    clock.now += 60_000;
    expect(handle(stunMessage({ username, password }), "203.0.113.99", 1)).toBe("request");
    clock.now += 2_000;
    const before = stun.length;
    for (let i = 0; i < 500; i++) handle(stunMessage({ username, password }), "203.0.113.7", 30_000);
    expect(stun.length - before).toBeLessThanOrEqual(100);
    clock.now += 1_000;
    expect(handle(stunMessage({ username, password }), "203.0.113.7", 30_000)).toBe("request");
    const first = randomBytes(12);
    gate.noteSent(stunMessage({ transaction: first }));
    for (let i = 0; i < 300; i++) gate.noteSent(stunMessage({}));
    expect(handle(stunMessage({ type: 0x0101, transaction: first }))).toBe("dropped");
  });

  it("drops whatever is none of the protocols", () => {
    const { gate, handle } = open();
    handle(stunMessage({ username, password }));
    for (const data of [
      Buffer.alloc(0),
      Buffer.of(1),
      randomBytes(11),
      Buffer.alloc(3_000, 0x80),
      Buffer.concat([Buffer.of(70), randomBytes(50)]),
      Buffer.concat([Buffer.of(0xff), randomBytes(50)]),
      stunMessage({ username, password, type: 0x0003 }),
      stunMessage({ username, password, type: 0x0011 }),
      stunMessage({ username, password }).subarray(0, -3),
    ]) {
      expect(handle(data)).toBe("dropped");
    }
    expect(Object.keys(gate.dropped).sort()).toEqual(["size", "stun_malformed", "unknown"]);
  });

  it("survives any bytes", () => {
    const { handle } = open();
    handle(stunMessage({ username, password }));
    for (let i = 0; i < 20_000; i++) {
      const data = randomBytes(12 + (i % 90));
      data[0] = [0, 1, 20, 22, 23, 63, 128, 191][i % 8] as number;
      if (i % 3 === 0) data.writeUInt32BE(0x2112_a442, 4);
      if (i % 6 === 0) data.writeUInt16BE(Math.max(0, data.length - 20), 2);
      expect(["dropped", "accepted"]).toContain(handle(data));
    }
  });
});
