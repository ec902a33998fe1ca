import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type AudioFrame, type RealtimeEvent, silence, silentLogger } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { ProviderError } from "../errors/provider-error.ts";
import { ManagedWebSocket } from "../socket/managed-web-socket.ts";
import { Backlog } from "./backlog.ts";
import type { RealtimePort, RealtimeProtocol } from "./protocol.ts";
import { RealtimeRunner } from "./realtime-runner.ts";
import { ReconnectBudget, type ReconnectOptions } from "./reconnect-budget.ts";

/** Shakes hands with "ready", sends what it is told, and says nothing else. */
class Echo implements RealtimeProtocol {
  readonly inbound = { sampleRate: 16_000, channels: 1 } as const;
  readonly outbound = { sampleRate: 16_000, channels: 1 } as const;
  waiting = false;
  idle = true;
  losses = 0;
  readonly received: unknown[] = [];
  readonly port: RealtimePort;

  constructor(port: RealtimePort) {
    this.port = port;
  }

  begin(): void {
    this.port.send("hello");
  }
  receive(message: unknown): void {
    if (message === "ready") this.port.ready(true);
    else if (message === "bad") throw new Error("bad");
    else this.received.push(message);
  }
  lost(): void {
    this.losses++;
  }
  sendAudio(frame: AudioFrame): void {
    this.port.send(`audio ${frame.timestamp}`);
  }
  sendText(text: string): void {
    this.port.send(text);
  }
  activityStart(): void {}
  activityEnd(): void {}
  interrupt(): void {
    this.port.send("interrupt");
  }
  truncate(): void {}
  submitToolResult(): void {}
  async update(): Promise<void> {}
}

const server = createServer();
const sockets = new WebSocketServer({ server });
const heard: string[] = [];
const connections: WebSocket[] = [];
let answers = true;
sockets.on("connection", (socket) => {
  connections.push(socket);
  socket.on("message", (data) => {
    const text = JSON.parse(String(data)) as string;
    heard.push(text);
    if (text === "hello" && answers) socket.send('"ready"');
  });
});
beforeEach(async () => {
  answers = true;
  heard.length = 0;
  connections.length = 0;
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  for (const connection of sockets.clients) connection.terminate();
});

afterAll(() => {
  sockets.close();
  server.close();
});

function session(options: { reconnect?: ReconnectOptions; maxConnectionMs?: number } = {}) {
  const clock = new VirtualClock();
  let protocol: Echo | undefined;
  const counts = { closed: 0 };
  const runner = new RealtimeRunner({
    id: "s1",
    provider: "test",
    clock,
    logger: silentLogger,
    createProtocol: (port) => {
      protocol = new Echo(port);
      return protocol;
    },
    open: (signal) =>
      ManagedWebSocket.open(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
        provider: "test",
        signal,
        clock,
        pingIntervalMs: 0,
      }),
    handshakeTimeoutMs: 1_000,
    responseTimeoutMs: 2_000,
    maxConnectionMs: options.maxConnectionMs ?? Number.POSITIVE_INFINITY,
    reconnect: options.reconnect ?? { tries: 3, baseMs: 100, maxMs: 400 },
    random: () => 1,
    onClosed: () => counts.closed++,
  });
  const events: RealtimeEvent[] = [];
  const until = async (predicate: () => boolean): Promise<void> => {
    for (let turn = 0; !predicate(); turn++) {
      if (turn > 2_000) throw new Error(`it did not happen: ${JSON.stringify(events)}`);
      await settle(1);
    }
  };
  return { clock, runner, events, counts, until, protocol: protocol as unknown as Echo };
}

async function connected(options: Parameters<typeof session>[0] = {}) {
  const s = session(options);
  await s.runner.connect(new AbortController().signal);
  s.runner.onEvent((event) => s.events.push(event));
  await settle(1);
  return s;
}

describe("RealtimeRunner", () => {
  it("fails when the vendor does not finish its handshake, and leaves nothing open", async () => {
    answers = false;
    const s = session();
    const connecting = s.runner.connect(new AbortController().signal).catch((error: unknown) => error);
    await s.until(() => heard.length === 1);
    await s.clock.advance(1_000);
    expect(await connecting).toMatchObject({ code: "provider_timeout", retryable: true });
    await s.until(() => sockets.clients.size === 0);
  });

  it("keeps what is said before somebody listens, and gives it in order", async () => {
    const s = session();
    await s.runner.connect(new AbortController().signal);
    s.protocol.port.emit({ type: "speech-start" });
    s.protocol.port.emit({ type: "speech-end" });
    s.runner.onEvent((event) => s.events.push(event));
    expect(s.events).toEqual([]);
    await settle(1);
    expect(s.events.map(({ type }) => type)).toEqual(["speech-start", "speech-end"]);
    await s.runner.close();
  });

  it("comes back after a loss and then sends what it was told meanwhile, fresh audio only, in order", async () => {
    const s = await connected();
    connections[0]?.terminate();
    await s.until(() => s.events.length === 1);
    s.runner.interrupt();
    for (let at = 0; at < 3_000; at += 500) s.runner.sendAudio(silence(s.runner.inbound, 500, at));
    s.runner.sendText("meanwhile");
    s.runner.sendAudio(silence(s.runner.inbound, 500, 3_000));
    await s.clock.advance(100);
    await s.until(() => heard.length >= 7);
    expect(s.events).toEqual([
      { type: "reconnecting", attempt: 1 },
      { type: "reconnected", contextKept: true },
    ]);
    expect(heard).toEqual(["hello", "hello", "audio 1500", "audio 2000", "audio 2500", "meanwhile", "audio 3000"]);
    await s.runner.close();
    expect([s.clock.pendingTimers, s.counts.closed, s.runner.listeners]).toEqual([0, 1, 0]);
  });

  it("takes back what it was told meanwhile when it is interrupted meanwhile", async () => {
    const s = await connected();
    connections[0]?.terminate();
    await s.until(() => s.events.length === 1);
    s.runner.sendText("meanwhile");
    s.runner.interrupt();
    s.runner.sendText("after it");
    await s.clock.advance(100);
    await s.until(() => heard.length >= 5);
    expect(heard).toEqual(["hello", "hello", "meanwhile", "interrupt", "after it"]);
    await s.runner.close();
  });

  it("finds a vendor stuck that owes an answer, and only then", async () => {
    const s = await connected();
    await s.clock.advance(10_000);
    expect(s.events).toEqual([]);
    s.protocol.waiting = true;
    s.runner.sendText("well?");
    await s.clock.advance(2_000);
    await s.until(() => s.events.length > 0);
    expect(s.events[0]).toEqual({ type: "reconnecting", attempt: 1 });
    await s.runner.close();
    expect(s.clock.pendingTimers).toBe(0);
  });

  describe("a vendor that owes something", () => {
    // What happens within the 2,000 ms of its patience, and whether it is found stuck at their end.
    const cases: Record<string, readonly [(s: Awaited<ReturnType<typeof connected>>) => Promise<void>, boolean]> = {
      "is silent while the caller's audio is sent": [
        async (s) => {
          for (let at = 0; at < 2_000; at += 20) {
            s.runner.sendAudio(silence(s.runner.inbound, 20, at));
            await s.clock.advance(20);
          }
        },
        true,
      ],
      "is silent while everything else is sent": [
        async (s) => {
          for (let at = 0; at < 2_000; at += 100) {
            s.runner.sendText("again?");
            s.runner.activityStart();
            s.runner.activityEnd();
            s.runner.truncate("item", 100);
            s.runner.submitToolResult("call", "result");
            s.runner.interrupt();
            await s.clock.advance(100);
          }
        },
        true,
      ],
      "says something": [
        async (s) => {
          await s.clock.advance(1_500);
          connections[0]?.send('"a sign of life"');
          await s.until(() => s.protocol.received.length === 1);
          for (let at = 0; at < 1_500; at += 20) {
            s.runner.sendAudio(silence(s.runner.inbound, 20, at));
            await s.clock.advance(20);
          }
        },
        false,
      ],
      "has long said nothing before it was asked": [async (s) => s.clock.advance(1_999), false],
      "owes nothing any more": [
        async (s) => {
          await s.clock.advance(1_000);
          s.protocol.waiting = false;
          s.runner.sendAudio(silence(s.runner.inbound, 20));
          await s.clock.advance(5_000);
        },
        false,
      ],
    };

    it.each(Object.entries(cases))("that %s", async (_, [act, stuck]) => {
      const s = await connected();
      await s.clock.advance(10_000);
      s.protocol.waiting = true;
      s.runner.sendText("well?");
      await act(s);
      if (stuck) await s.until(() => s.events.length > 1);
      expect(s.events.slice(0, 2)).toMatchObject(
        stuck
          ? [
              { type: "reconnecting" },
              { type: "error", fatal: false, error: { code: "provider_timeout", retryable: true } },
            ]
          : [],
      );
      await s.clock.advance(100);
      await s.until(() => s.events.some(({ type }) => type === "reconnected") === stuck);
      await s.runner.close();
      expect(s.clock.pendingTimers).toBe(0);
    });

    it("and never answers ends the session with the reason, once", async () => {
      const s = await connected({ reconnect: { tries: 0 } });
      s.protocol.waiting = true;
      s.runner.sendText("well?");
      await s.clock.advance(2_000);
      await s.until(() => s.events.length === 2);
      expect(s.events).toMatchObject([
        { type: "error", fatal: true, error: { code: "provider_timeout" } },
        { type: "closed", reason: "provider_timeout" },
      ]);
    });
  });

  it("replaces an old connection in a pause, and after a while without one", async () => {
    const s = await connected({ maxConnectionMs: 1_000 });
    s.protocol.idle = false;
    await s.clock.advance(1_000);
    await settle(5);
    expect(s.events).toEqual([]);
    s.protocol.idle = true;
    s.runner.sendText("a pause");
    await s.until(() => s.events.length === 2);
    s.protocol.idle = false;
    await s.clock.advance(1_000);
    await s.clock.advance(60_000);
    await s.until(() => s.events.length === 4);
    expect(s.events.map(({ type }) => type)).toEqual(["reconnecting", "reconnected", "reconnecting", "reconnected"]);
    expect(connections).toHaveLength(3);
    await s.until(() => sockets.clients.size === 1);
    await s.runner.close();
    expect(s.clock.pendingTimers).toBe(0);
  });

  it("takes a message that makes no sense for a broken connection", async () => {
    const s = await connected({ reconnect: { tries: 0 } });
    connections[0]?.send("nonsense");
    await s.until(() => s.events.length === 2);
    expect(s.events).toMatchObject([
      { type: "error", fatal: true, error: { code: "provider_protocol" } },
      { type: "closed", reason: "provider_protocol" },
    ]);
    await expect(s.runner.update({})).rejects.toMatchObject({ code: "closed" });
  });

  it("closed while it waits to come back stays closed", async () => {
    const s = await connected();
    connections[0]?.terminate();
    await s.until(() => s.events.length === 1);
    await s.runner.close();
    await s.clock.advance(60_000);
    expect(connections).toHaveLength(1);
    expect(s.events.map(({ type }) => type)).toEqual(["reconnecting", "closed"]);
    expect(s.clock.pendingTimers).toBe(0);
  });
});

describe("ReconnectBudget", () => {
  const lost = new ProviderError("network", "lost", { provider: "test" });

  it("doubles its waits to a limit, gives up, and counts anew after a good connection", () => {
    const budget = new ReconnectBudget({ tries: 3, baseMs: 100, maxMs: 300 });
    expect([1, 2, 3].map(() => budget.next(lost, 1)?.waitMs)).toEqual([100, 200, 300]);
    expect(budget.next(lost, 1)).toBeUndefined();
    budget.ended(59_999);
    expect(budget.next(lost, 1)).toBeUndefined();
    budget.ended(60_000);
    expect(budget.next(lost, 0)).toEqual({ attempt: 1, waitMs: 50 });
  });

  it("waits as long as it is asked to, within reason, and never for what cannot be mended", () => {
    const budget = new ReconnectBudget({ tries: 9 });
    const limited = (retryAfterMs: number) =>
      new ProviderError("rate_limit", "slow", { provider: "test", retryAfterMs });
    expect(budget.next(limited(5_000), 1)?.waitMs).toBe(5_000);
    expect(budget.next(limited(50_000), 1)).toBeUndefined();
    for (const kind of ["auth", "quota", "invalid_request"] as const)
      expect(budget.next(new ProviderError(kind, "no", { provider: "test" }), 1)).toBeUndefined();
  });

  it("refuses options that make no sense", () => {
    for (const wrong of [{ tries: -1 }, { tries: 1.5 }, { baseMs: -1 }, { baseMs: 10, maxMs: 5 }])
      expect(() => new ReconnectBudget(wrong)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });
});

it("a backlog is bounded in commands, too", () => {
  const backlog = new Backlog(1_000);
  const ran: number[] = [];
  for (let i = 0; i < 100; i++) backlog.command(() => ran.push(i));
  expect(backlog.size).toBe(64);
  backlog.replay();
  expect([ran.length, ran[0], backlog.size]).toEqual([64, 36, 0]);
});
