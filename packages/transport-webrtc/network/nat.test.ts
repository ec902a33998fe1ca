import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CallReport } from "./caller-main.fixture.ts";
import { Child } from "./child.fixture.ts";
import type { ServerState } from "./echo-main.fixture.ts";
import type { EchoOptions } from "./echo-server.fixture.ts";
import { NatLab, type NatOptions } from "./namespaces.fixture.ts";
import { missing } from "./programs.fixture.ts";
import { startTurn } from "./turn.fixture.ts";

const reason = missing("iproute2", "nftables", "root", "coturn");
const STUN = `stun:${NatLab.serverAddress}:3478`;

describe.skipIf(reason !== undefined)(`a caller behind a NAT${reason ? ` (${reason})` : ""}`, () => {
  let lab: NatLab;
  let server: Child;
  let caller: Child;
  const ended: (() => unknown)[] = [];

  beforeAll(async () => {
    lab = new NatLab();
    ended.push(() => lab.close());
    const host = NatLab.serverAddress;
    const options: EchoOptions = { host, limits: { connectTimeoutMs: 4_000 } };
    server = new Child("echo-main.fixture.ts", options, lab.inside("server"));
    ended.push(() => server.kill());
    const stun = await startTurn({ host, port: 3_478, within: lab.inside("server") });
    ended.push(() => stun.stop());
    const { url } = await server.next<{ url: string }>();
    caller = new Child("caller-main.fixture.ts", { url }, lab.inside("caller"));
    ended.push(() => caller.kill());
    await caller.next();
  }, 60_000);
  afterAll(async () => {
    for (const end of ended.reverse()) await end();
  });

  const talks = (report: CallReport): void => {
    expect(report).toMatchObject({ connected: true, sent: 50, texts: ["over the channel"] });
    expect(report.heard).toBeGreaterThan(40);
  };

  it.each<[string, string, NatOptions]>([
    ["tells no public address: the server learns it from the checks", "", {}],
    ["asks a STUN server", STUN, {}],
    ["has another port for every flow, so that what STUN says is wrong", STUN, { randomPorts: true }],
  ])(
    "%s",
    async (_, stun, nat) => {
      lab.behave(nat);
      await server.ask("forget");
      const report = await caller.ask<CallReport>(`call 10000${stun && ` ${stun}`}`);
      talks(report);
      expect(report.told).toEqual(stun ? ["host", "srflx"] : ["host"]);
      const { calls } = await server.ask<ServerState>("state");
      expect(calls[0]?.heardMs).toBeGreaterThan(900);
      expect(calls[0]?.texts).toEqual(["over the channel"]);
    },
    30_000,
  );

  it("that lets no UDP through never connects over WebRTC, and talks over the WebSocket", async () => {
    const calls = async (): Promise<number> => (await server.ask<ServerState>("state")).size;
    // The goodbye of the call before must still get through.
    await expect.poll(calls, { timeout: 10_000 }).toBe(0);
    lab.behave({ blockUdp: true });
    await server.ask("forget");
    expect(await caller.ask<CallReport>("call 6000")).toMatchObject({ connected: false, sent: 0, heard: 0 });
    // Given up after connectMs, about when the caller did.
    await expect.poll(calls, { timeout: 10_000 }).toBe(0);
    const after = await server.ask<ServerState>("state");
    expect(after).toMatchObject({ size: 0, peers: 0, calls: [] });
    expect(after.handles.UDPWrap ?? 0).toBe(0);
    const report = await caller.ask<CallReport>("socket");
    expect(report).toMatchObject({ connected: true, texts: ["over the socket"] });
    expect(report.heard).toBeGreaterThan(40);
    const { webSocketCalls } = await server.ask<ServerState>("state");
    expect(webSocketCalls[0]?.heardMs).toBe(1_000);
  }, 60_000);
});
