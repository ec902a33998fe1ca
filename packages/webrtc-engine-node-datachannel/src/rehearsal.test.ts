import type { Logger } from "@roomkit/core";
import { afterEach, expect, it, vi } from "vitest";
import { NodeDataChannelPeer } from "./peer.ts";
import { rehearse } from "./rehearsal.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

afterEach(() => {
  vi.restoreAllMocks();
});

it("a call of libdatachannel with itself connects, and is gone again", async () => {
  const closed = vi.spyOn(NodeDataChannelPeer.prototype, "close");
  const connected = vi.fn();
  vi.spyOn(NodeDataChannelPeer.prototype, "negotiate").mockImplementationOnce(async function (
    this: NodeDataChannelPeer,
  ) {
    this.onConnected(connected);
    await this.negotiate();
  });
  await rehearse(AbortSignal.timeout(20_000));
  expect(connected).toHaveBeenCalledOnce();
  expect(new Set(closed.mock.contexts).size).toBe(1);
});

it("is called off by its signal", async () => {
  const reason = new Error("not now");
  await expect(rehearse(AbortSignal.abort(reason))).rejects.toMatchObject({ code: "aborted" });
});

it("takes place once in a process; where it cannot, that is told in the log, hinders nothing, and is tried again", async () => {
  vi.resetModules();
  const made = vi.fn<(signal: AbortSignal) => Promise<void>>().mockRejectedValueOnce(new Error("no loopback here"));
  made.mockResolvedValue();
  vi.doMock("./rehearsal.ts", () => ({ rehearse: made }));
  const { nodeDataChannel } = await import("./engine.ts");
  const warnings: string[] = [];
  const log = (_fields: object, message: string): void => void warnings.push(message);
  const logger: Logger = { debug() {}, info() {}, warn: log, error: log };
  const engines = [nodeDataChannel({ logger }), nodeDataChannel({ logger })];
  await Promise.all(engines.map((engine) => engine.warmUp()));
  expect(warnings).toEqual(["no call could be rehearsed: the first one takes longer"]);
  for (const engine of engines) await engine.warmUp();
  expect(made).toHaveBeenCalledTimes(2);
  // A call under way ends with the engine that makes it.
  await Promise.all(engines.map((engine) => engine.close()));
  expect(made.mock.calls[1]?.[0].aborted).toBe(true);
  vi.doUnmock("./rehearsal.ts");
});
