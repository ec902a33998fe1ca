import type { Logger } from "@roomkit/core";
import { afterEach, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** A process of its own as far as it matters: nothing was rehearsed in it yet. */
async function fresh() {
  vi.resetModules();
  const { werift } = await import("./engine.ts");
  const { UdpSocket } = await import("./net/udp-socket.ts");
  const { WeriftPeer } = await import("./peer.ts");
  const bound = vi.spyOn(UdpSocket, "bind");
  const closed = vi.spyOn(UdpSocket.prototype, "close");
  const sent = vi.spyOn(WeriftPeer.prototype, "sendRtp");
  const warnings: string[] = [];
  const log = (_fields: object, message: string): void => void warnings.push(message);
  const logger: Logger = { debug() {}, info() {}, warn: log, error: log };
  return { engine: () => werift({ logger, portRange: [1, 1] }), bound, closed, sent, warnings };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a call that werift has with itself before the first caller", () => {
  it("connects, talks both ways, with each group of keys, and is gone again", async () => {
    const { engine, bound, closed, sent, warnings } = await fresh();
    const opened = engine();
    await opened.warmUp();
    expect(warnings).toEqual([]);
    // Two peers for each of two groups, on loopback, not on the ports of the engine's own calls.
    expect(bound.mock.calls.map(([address]) => address)).toEqual(Array(4).fill("127.0.0.1"));
    expect(bound.mock.calls.map(([, port]) => port)).toEqual(Array(4).fill(0));
    expect(new Set(closed.mock.contexts).size).toBe(4);
    expect(sent.mock.results.length).toBe(200);
    expect(sent.mock.results.every(({ value }) => value === true)).toBe(true);
    await opened.close();
  });

  it("takes place once in a process, whatever engines there are", async () => {
    const { engine, bound } = await fresh();
    const engines = [engine(), engine()];
    await Promise.all(engines.map((each) => each.warmUp()));
    await engines[0]?.warmUp();
    expect(bound).toHaveBeenCalledTimes(4);
    for (const each of engines) await each.close();
  });

  it.each(["a signal", "close"])("is called off by %s, quietly, and leaves nothing open", async (by) => {
    const { engine, bound, closed, warnings } = await fresh();
    const opened = engine();
    const calling = new AbortController();
    const warm = opened.warmUp(calling.signal);
    await vi.waitFor(() => expect(bound).toHaveBeenCalled());
    if (by === "close") await opened.close();
    else calling.abort();
    await warm;
    expect(new Set(closed.mock.contexts).size).toBe(
      (await Promise.all(bound.mock.results.map(({ value }) => value))).length,
    );
    expect(warnings).toEqual([]);
    await opened.close();
  });

  it("that cannot be had is told in the log, hinders nothing, and is tried again", async () => {
    const { engine, bound, warnings } = await fresh();
    bound.mockRejectedValueOnce(new Error("no loopback here"));
    const opened = engine();
    await opened.warmUp();
    expect(warnings).toEqual(["no call could be rehearsed: the first one takes longer"]);
    await opened.warmUp();
    expect(warnings.length).toBe(1);
    expect(bound.mock.calls.length).toBe(5);
    await opened.close();
  });
});
