import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { proxyResolver } from "./address.ts";
import { Admission } from "./admission.ts";
import { originProblem } from "./origins.ts";
import { AcceptPacer } from "./pacer.ts";
import { TokenBucket } from "./token-bucket.ts";
import { TrafficGuard } from "./traffic-guard.ts";

describe("admission", () => {
  it("counts in all and by address, and gives places back once", () => {
    const admission = new Admission({ concurrencyLimit: 3, perAddressLimit: 2 });
    const first = admission.admit("a");
    admission.admit("a");
    expect(admission.admit("a")).toMatchObject({ ok: false, code: "address_limit_reached", status: 429, limit: 2 });
    admission.admit("b");
    expect(admission.admit("c")).toMatchObject({ ok: false, code: "concurrency_limit_reached", status: 503, limit: 3 });
    if (first.ok) {
      first.release();
      first.release();
    }
    expect(admission.count).toBe(2);
    expect(admission.admit("c").ok).toBe(true);
    admission.drain();
    expect(admission.admit("d")).toMatchObject({ ok: false, code: "draining", status: 503 });
    expect(() => new Admission({ perAddressLimit: 0 })).toThrow("at least 1");
  });
});

describe("addresses", () => {
  it("are the socket's without trusted proxies", () => {
    const resolve = proxyResolver().address;
    expect(resolve("::ffff:10.0.0.1", "1.2.3.4")).toBe("10.0.0.1");
  });

  it("are the first that no trusted proxy wrote, from the right", () => {
    const resolve = proxyResolver(["10.0.0.0/8", "::1", "fd00::/8"]).address;
    expect(resolve("10.0.0.1", "1.2.3.4")).toBe("1.2.3.4");
    expect(resolve("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9")).toBe("1.2.3.4");
    expect(resolve("5.5.5.5", "1.2.3.4")).toBe("5.5.5.5");
    expect(resolve("10.0.0.1", "spoofed")).toBe("10.0.0.1");
    expect(resolve("10.0.0.1", "")).toBe("10.0.0.1");
    expect(resolve("::1", "fd00::5")).toBe("fd00::5");
    expect(resolve("10.0.0.1", undefined)).toBe("10.0.0.1");
  });

  it.each(["localhost", "10.0.0.0/33", "::1/129", "10.0.0.1/x", ""])("refuse the proxy %j", (proxy) => {
    expect(() => proxyResolver([proxy])).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});

describe("hosts", () => {
  it.each([
    // socket, Host or :authority, X-Forwarded-Host, the host
    ["5.5.5.5", "inner", "outer.example", "inner"],
    ["::ffff:10.0.0.1", "inner", "outer.example", "outer.example"],
    ["10.0.0.1", "inner", " outer.example , middle", "outer.example"],
    ["10.0.0.1", undefined, "outer.example:8443", "outer.example:8443"],
    ["10.0.0.1", "inner", "", "inner"],
    ["10.0.0.1", "inner", " , x", "inner"],
    ["10.0.0.1", "inner", undefined, "inner"],
    ["", "inner", "outer.example", "inner"],
    ["10.0.0.1", undefined, undefined, undefined],
  ] as const)("from %s, named %s, forwarded %j: %s", (socket, named, forwarded, host) => {
    expect(proxyResolver(["10.0.0.0/8"]).host(socket, named, forwarded)).toBe(host);
    expect(proxyResolver().host(socket, named, forwarded)).toBe(named);
  });
});

describe("origins", () => {
  it.each([
    [undefined, "server.example", undefined, true],
    ["https://server.example", "server.example", undefined, true],
    ["http://server.example:8080", "server.example:8080", undefined, true],
    ["http://server.example:8080", "server.example", undefined, false],
    ["http://localhost:5173", "127.0.0.1:8000", undefined, true],
    ["http://[::1]:5173", "localhost:8000", undefined, true],
    ["http://localhost.evil.example", "localhost:8000", undefined, false],
    ["null", "localhost", undefined, false],
    ["https://server.example", "server.example:443", undefined, true],
    ["http://server.example", "server.example:80", undefined, true],
    ["http://server.example", "server.example:443", undefined, false],
    ["https://SERVER.example", "Server.Example", undefined, true],
    ["https://server.example", "evil@server.example:444", undefined, false],
    ["https://server.example", "", undefined, false],
    ["http://a.example", "b.example", "*", true],
    ["https://a.example", "b.example", ["https://a.example"], true],
    ["https://a.example.evil", "b.example", ["https://a.example"], false],
    ["https://b.example", "b.example", ["https://a.example"], false],
  ] as const)("%s to %s with %j: %s", (origin, host, origins, allowed) => {
    expect(originProblem(origin, host, origins)).toBe(allowed ? undefined : "origin_not_allowed");
  });

  it("can be judged by a function", () => {
    const example = (origin: string): boolean => origin.endsWith(".example");
    expect(originProblem("https://x.example", "y", example)).toBeUndefined();
    expect(originProblem("https://x.test", "y", example)).toBe("origin_not_allowed");
  });

  it("cannot be judged where nobody says which host was asked for, which is told apart", () => {
    expect(originProblem("http://a.example", undefined)).toBe("host_missing");
    expect(originProblem(undefined, undefined)).toBeUndefined();
    expect(originProblem("http://a.example", undefined, ["http://a.example"])).toBeUndefined();
    expect(originProblem("http://a.example", undefined, ["http://b.example"])).toBe("origin_not_allowed");
  });
});

describe("token buckets", () => {
  it("let the rate through, and the burst at once", async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ clock, perSecond: 10, burst: 5 });
    expect(Array.from({ length: 7 }, () => bucket.take())).toEqual([true, true, true, true, true, false, false]);
    await clock.advance(250);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
    await clock.advance(60_000);
    expect(bucket.take(6)).toBe(false);
    expect(bucket.take(5)).toBe(true);
  });
});

describe("the traffic guard", () => {
  it("warns at most once a second and closes after three seconds without a pause", async () => {
    const clock = new VirtualClock();
    const guard = new TrafficGuard(clock, { messagesPerSecond: 10, messageBurst: 10 });
    const verdicts: string[] = [];
    for (let ms = 0; ms < 5_000 && verdicts.at(-1) !== "close"; ms += 10) {
      verdicts.push(guard.message());
      await clock.advance(10);
    }
    expect(verdicts.at(-1)).toBe("close");
    expect(verdicts.filter((verdict) => verdict === "warn").length).toBe(3);
    expect(clock.now()).toBeGreaterThan(3_000);
    expect(clock.now()).toBeLessThan(3_300);
  });

  it("forgives bursts with pauses between", async () => {
    const clock = new VirtualClock();
    const guard = new TrafficGuard(clock, { audioRate: 1.5, audioBurstMs: 1_000 });
    for (let i = 0; i < 20; i++) {
      for (let burst = 0; burst < 6; burst++) expect(guard.audio(400)).not.toBe("close");
      await clock.advance(2_000);
    }
  });

  it("counts malformed messages in ten seconds", async () => {
    const clock = new VirtualClock();
    const guard = new TrafficGuard(clock);
    for (let i = 0; i < 30; i++) {
      expect(guard.malformed()).toBe("drop");
      await clock.advance(1_200);
    }
    for (let i = 0; i < 1; i++) guard.malformed();
    expect(guard.malformed()).toBe("close");
  });
});

describe("the accept pacer", () => {
  it("gets ten thousand in within ten seconds, a few in each 20 ms", async () => {
    const clock = new VirtualClock();
    const pacer = new AcceptPacer({ clock, maxWaiting: 10_000 });
    const at: number[] = [];
    for (let i = 0; i < 10_000; i++) expect(pacer.run(() => at.push(clock.now()))).toBe(true);
    expect(at).toHaveLength(20);
    await clock.advance(10_100);
    expect(at).toHaveLength(10_000);
    const perTick = new Map<number, number>();
    for (const time of at) perTick.set(time, (perTick.get(time) ?? 0) + 1);
    expect(Math.max(...perTick.values())).toBe(20);
    expect(clock.pendingTimers).toBe(0);
  });

  it("refuses when too many wait", async () => {
    const clock = new VirtualClock();
    const pacer = new AcceptPacer({ clock, perSecond: 50, maxWaiting: 3 });
    const results = Array.from({ length: 6 }, () => pacer.run(() => {}));
    expect(results).toEqual([true, true, true, true, false, false]);
    await clock.advance(200);
    expect(pacer.run(() => {})).toBe(true);
  });
});
