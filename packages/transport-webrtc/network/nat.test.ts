import { describe, expect, it } from "vitest";
import type { CallReport } from "./caller-main.fixture.ts";
import { Child } from "./child.fixture.ts";
import type { ServerState } from "./echo-main.fixture.ts";
import type { EchoOptions } from "./echo-server.fixture.ts";
import { NatLab, type NatOptions } from "./namespaces.fixture.ts";
import { missing } from "./programs.fixture.ts";
import { startTurn } from "./turn.fixture.ts";

const reason = missing("iproute2", "nftables", "root", "coturn");

interface Place {
  readonly server: Child;
  readonly caller: Child;
}

async function behindNat(
  options: NatOptions & { readonly stun?: boolean; readonly server?: EchoOptions },
  run: (place: Place) => Promise<void>,
): Promise<void> {
  const lab = new NatLab(options);
  const ended: (() => unknown)[] = [() => lab.close()];
  try {
    const host = NatLab.serverAddress;
    const server = new Child("echo-main.fixture.ts", { host, ...options.server }, lab.inside("server"));
    ended.push(() => server.kill());
    if (options.stun) {
      const stun = await startTurn({ host, port: 3_478, within: lab.inside("server") });
      ended.push(() => stun.stop());
    }
    const { url } = await server.next<{ url: string }>();
    const iceServers = options.stun ? [`stun:${host}:3478`] : [];
    const caller = new Child("caller-main.fixture.ts", { url, iceServers }, lab.inside("caller"));
    ended.push(() => caller.kill());
    await caller.next();
    await run({ server, caller });
  } finally {
    for (const end of ended.reverse()) await end();
  }
}

describe.skipIf(reason !== undefined)(`a caller behind a NAT${reason ? ` (${reason})` : ""}`, () => {
  it.concurrent.each([
    ["tells no public address: the server learns it from the checks", {}],
    ["asks a STUN server", { stun: true }],
    ["has another port for every flow, so that what STUN says is wrong", { stun: true, randomPorts: true }],
  ])(
    "%s",
    (_, options) =>
      behindNat(options, async ({ server, caller }) => {
        const report = await caller.ask<CallReport>("call 10000");
        expect(report).toMatchObject({ connected: true, sent: 50, texts: ["over the channel"] });
        expect(report.heard).toBeGreaterThan(40);
        const { calls } = await server.ask<ServerState>("state");
        expect(calls[0]?.heardMs).toBeGreaterThan(900);
        expect(calls[0]?.texts).toEqual(["over the channel"]);
      }),
    60_000,
  );

  it.concurrent(
    "that lets no UDP through never connects over WebRTC, and talks over the WebSocket",
    () =>
      behindNat({ blockUdp: true, server: { limits: { connectMs: 3_000 } } }, async ({ server, caller }) => {
        expect(await caller.ask<CallReport>("call 5000")).toMatchObject({ connected: false, sent: 0, heard: 0 });
        const before = await server.ask<ServerState>("state");
        // Given up after connectMs, before the caller did.
        expect(before).toMatchObject({ size: 0, peers: 0, calls: [] });
        expect(before.handles.UDPWRAP ?? 0).toBe(0);
        const report = await caller.ask<CallReport>("socket");
        expect(report).toMatchObject({ connected: true, texts: ["over the socket"] });
        expect(report.heard).toBeGreaterThan(40);
        const { webSocketCalls } = await server.ask<ServerState>("state");
        expect(webSocketCalls[0]?.heardMs).toBe(1_000);
      }),
    60_000,
  );
});
