import { describe, expect, it } from "vitest";
import { parseCandidate } from "./candidate.ts";
import { addressScope, candidateAllowed } from "./candidate-policy.ts";

const candidate = (address: string, port = 50_000): Parameters<typeof candidateAllowed>[0] => ({
  foundation: "1",
  component: 1,
  priority: 1,
  address,
  port,
  type: "host",
});

describe("parseCandidate", () => {
  it("reads Safari's eight tokens, and more", () => {
    const eight = parseCandidate("candidate:842163049 1 udp 1677729535 192.168.1.7 55000 typ host");
    expect(eight).toEqual({
      foundation: "842163049",
      component: 1,
      priority: 1_677_729_535,
      address: "192.168.1.7",
      port: 55_000,
      type: "host",
    });
    expect(
      parseCandidate("a=candidate:1 1 UDP 1 2001:DB8::1 55000 typ srflx raddr :: rport 9 generation 0"),
    ).toMatchObject({
      address: "2001:db8::1",
      type: "srflx",
    });
  });

  it.each([
    "candidate:1 1 tcp 1 192.168.1.7 9 typ host tcptype active",
    "candidate:1 1 udp 1 3f0e.local 55000 typ host",
    "candidate:1 1 udp 1 evil.example.com 55000 typ host",
    "candidate:1 2 udp 1 192.168.1.7 55000 typ host",
    "candidate:1 1 udp 1 192.168.1.7 99999 typ host",
    "candidate:1 1 udp 1 0x7f000001 55000 typ host",
    "candidate:1 1 udp 1 2130706433 55000 typ host",
    "candidate:1 1 udp 1 127.1 55000 typ host",
  ])("passes by %s", (text) => {
    expect(parseCandidate(text)).toBe("ignored");
  });

  it.each([
    "foo",
    "candidate:",
    "candidate:1 1 udp 1 192.168.1.7 55000 typ",
    "candidate:1 1 udp x 192.168.1.7 55000 typ host",
    "candidate:1 1 udp 1 192.168.1.7 55000 typ bogus",
    `candidate:1 1 udp 1 192.168.1.7 55000 typ host ${"x".repeat(600)}`,
  ])("does not take %j for one", (text) => {
    expect(parseCandidate(text)).toBeUndefined();
  });
});

describe("candidateAllowed", () => {
  const open = { loopback: true, private: true };

  it.each([
    "169.254.169.254",
    "169.254.1.1",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "0.0.0.0",
    "240.0.0.1",
    "::",
    "fe80::1",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
  ])("never sends to %s", (address) => {
    expect(candidateAllowed(candidate(address), open)).toBe(false);
  });

  it("never sends to ports of services", () => {
    expect(candidateAllowed(candidate("203.0.113.5", 53), open)).toBe(false);
    expect(candidateAllowed(candidate("203.0.113.5", 1_023), open)).toBe(false);
    expect(candidateAllowed(candidate("203.0.113.5", 1_024), open)).toBe(true);
  });

  it.each(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"])(
    "sends to %s only when loopback is allowed",
    (address) => {
      expect(candidateAllowed(candidate(address), { loopback: false, private: true })).toBe(false);
      expect(candidateAllowed(candidate(address), { loopback: true, private: false })).toBe(true);
    },
  );

  it.each(["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1"])(
    "sends to %s only when private networks are allowed",
    (address) => {
      expect(candidateAllowed(candidate(address), { loopback: true, private: false })).toBe(false);
      expect(candidateAllowed(candidate(address), open)).toBe(true);
    },
  );

  it("sends to public addresses", () => {
    for (const address of ["203.0.113.5", "172.32.0.1", "2001:db8::1"]) {
      expect(candidateAllowed(candidate(address), { loopback: false, private: false })).toBe(true);
    }
  });

  it("tells where an address lies", () => {
    expect(["127.0.0.1", "::1", "10.0.0.1", "fe80::1%eth0", "203.0.113.5", "", "nonsense"].map(addressScope)).toEqual([
      "loopback",
      "loopback",
      "private",
      "private",
      "public",
      "private",
      "private",
    ]);
  });
});
