import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type DrainOptions, RoomKit, silentLogger } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { entryBeside, execArgvFor } from "@roomkit/worker-pool";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { LoopMeter } from "./loop-meter.ts";
import { type OperateOptions, type Operation, operate } from "./operate.ts";

let clock: VirtualClock;
let kit: RoomKit;
let done: string[];
let drained: DrainOptions | undefined;
let finish: () => void;
const operations: Operation[] = [];

beforeEach(() => {
  clock = new VirtualClock();
  kit = new RoomKit({ clock, logger: silentLogger });
  done = [];
  drained = undefined;
  kit.registerChannel({
    id: "voice",
    kind: "voice",
    category: "transport",
    register() {},
    drain(options) {
      drained = options;
      done.push("drain");
      return new Promise((resolve) => {
        finish = resolve;
        options.signal?.addEventListener("abort", () => resolve());
      });
    },
    close: async () => void done.push("channel closed"),
  });
});

afterEach(async () => {
  for (const operation of operations.splice(0)) {
    const stopped = operation.stop();
    await settle();
    finish?.();
    await clock.advance(60_000);
    await stopped;
  }
  expect(process.listenerCount("SIGUSR2")).toBe(0);
});

function make(options: Partial<OperateOptions> = {}): Operation {
  const made = operate({
    kit,
    clock,
    logger: silentLogger,
    signals: ["SIGUSR2"],
    exit: (code) => void done.push(`exit ${code}`),
    ...options,
  });
  operations.push(made);
  return made;
}

const line = (name: string, refusal?: string) => ({
  name,
  refusal,
  drain: () => void done.push(`${name} drains`),
  close: async () => void done.push(`${name} closed`),
});

describe("stopping", () => {
  it("lets go of the calls, then closes kit, transports and the rest in order, and exits", async () => {
    const server = { close: vi.fn(() => done.push("server")), closeAllConnections: vi.fn() };
    const closing = [() => void done.push("provider"), async () => void done.push("store")];
    const operation = make({
      ...{ closing, transports: [line("a"), line("b")], readyDelayMs: 2_000, drainTimeoutMs: 7_000, handOverMs: 3_000 },
      server: server as unknown as Server,
    });
    expect(await operation.readiness()).toEqual({ ready: true, reasons: [] });
    process.emit("SIGUSR2");
    expect(await operation.readiness()).toEqual({ ready: false, reasons: ["draining"] });
    expect(done).toEqual([]);
    await clock.advance(2_000);
    expect(done).toEqual(["a drains", "b drains", "drain"]);
    expect(drained).toMatchObject({ timeoutMs: 7_000, handOverMs: 3_000 });
    finish();
    await settle();
    await operation.stop();
    expect(done.slice(3)).toEqual(["server", "channel closed", "a closed", "b closed", "provider", "store", "exit 0"]);
    expect(server.closeAllConnections).toHaveBeenCalledOnce();
  });

  it("row 68: hurries at a second signal, and ends at a third", async () => {
    const operation = make({ closing: [() => new Promise(() => {})] });
    process.emit("SIGUSR2");
    await settle();
    expect(drained?.signal?.aborted).toBe(false);
    process.emit("SIGUSR2");
    await settle();
    expect([drained?.signal?.aborted, done]).toEqual([true, ["drain", "channel closed"]]);
    process.emit("SIGUSR2");
    expect(done.at(-1)).toBe("exit 1");
    await clock.advance(10_000);
    await operation.stop();
  });

  it("tells by its exit code that something could not be closed, and closes the rest", async () => {
    const fails = { name: "x", close: () => Promise.reject(new Error("no")) };
    const hangs = { name: "y", close: () => new Promise<void>(() => {}) };
    const operation = make({ transports: [fails, hangs], closing: [() => void done.push("store")] });
    const stopped = operation.stop();
    expect(operation.stop()).toBe(stopped);
    await settle();
    finish();
    await clock.advance(10_000);
    await stopped;
    expect(done).toEqual(["drain", "channel closed", "store", "exit 1"]);
  });
});

describe("readiness", () => {
  it.each<[string, Partial<OperateOptions>, string[]]>([
    ["a transport takes nobody", { transports: [line("a", "node_full"), line("b", "node_full")] }, ["node_full"]],
    ["a check throws", { checks: { store: () => Promise.reject(new Error("down")), bus: () => {} } }, ["check:store"]],
    [
      "a check throws at once",
      {
        checks: {
          store: () => {
            throw new Error("down");
          },
        },
      },
      ["check:store"],
    ],
  ])("is not there when %s", async (_, options, reasons) => {
    expect(await make(options).readiness()).toEqual({ ready: false, reasons });
  });

  it("does not wait long for a check, tells it, and asks once for all who ask within a second", async () => {
    const asked: AbortSignal[] = [];
    const slow = (signal: AbortSignal): Promise<void> => {
      asked.push(signal);
      return new Promise(() => {});
    };
    const operation = make({ checks: { slow }, checkTimeoutMs: 500 });
    const both = [operation.readiness(), operation.readiness()];
    await clock.advance(500);
    expect(await Promise.all(both)).toEqual(Array(2).fill({ ready: false, reasons: ["check:slow"] }));
    expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
    await clock.advance(500);
    void operation.readiness();
    await clock.advance(500);
    expect(asked.length).toBe(2);
  });

  it("counts an event loop as busy that was so for five seconds", () => {
    let used = 0.99;
    const meter = new LoopMeter(() => used);
    const look = (times: number): void => {
      for (let i = 0; i < times; i++) meter.look();
    };
    look(4);
    expect(meter.utilization).toBe(0);
    look(1);
    expect(meter.utilization).toBe(0.99);
    used = 0.2;
    look(1);
    expect(meter.utilization).toBe(0.2);
    meter.stop();
  });
});

it("row 70: a process whose hooks block the event loop is not ready after five seconds of it, and is again", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const operation = make();
    /** So many seconds, of which each is here 20 ms long. */
    const seconds = async (count: number, blocked: boolean): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const until = performance.now() + 20;
        if (blocked) while (performance.now() < until);
        else await new Promise((resolve) => setTimeout(resolve, 20));
        vi.advanceTimersByTime(1_000);
        await clock.advance(1_000);
      }
    };
    await seconds(2, true);
    await seconds(3, false);
    expect(await operation.readiness()).toEqual({ ready: true, reasons: [] });
    await seconds(5, true);
    expect(await operation.readiness()).toEqual({ ready: false, reasons: ["event_loop_busy"] });
    await seconds(2, false);
    expect(await operation.readiness()).toEqual({ ready: true, reasons: [] });
  } finally {
    vi.useRealTimers();
  }
});

it.each<[string, object]>([
  ["kit", { kit: undefined }],
  ["drainTimeoutMs", { drainTimeoutMs: -1 }],
  ["maxLoopUtilization", { maxLoopUtilization: 2 }],
  ["checks.store", { checks: { store: true } }],
  ["signals", { signals: "SIGTERM" }],
])("refuses a wrong %s", (name, options) => {
  expect(() => make(options as Partial<OperateOptions>)).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(name) }),
  );
});

it("answers its two addresses and leaves the others", async () => {
  const operation = make({ transports: [line("a", "node_full")] });
  const server = createServer((request, response) => {
    if (!operation.handle(request, response)) response.end("mine");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const health = await fetch(`${at}/healthz?x`);
    expect([health.status, await health.json(), health.headers.get("cache-control")]).toEqual([
      200,
      { status: "ok" },
      "no-store",
    ]);
    const ready = await fetch(`${at}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ["node_full"] }]);
    expect((await fetch(`${at}/readyz`, { method: "POST" })).status).toBe(405);
    expect(await (await fetch(`${at}/else`)).text()).toBe("mine");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

describe("row 68: a process that is told to end", { timeout: 60_000 }, () => {
  const entry = entryBeside(import.meta.url, "server.fixture");

  async function begin(how: string) {
    const child = fork(fileURLToPath(entry), [how], { execArgv: execArgvFor(entry) });
    const exit = once(child, "exit");
    const [port] = (await once(child, "message")) as [number];
    const at = `127.0.0.1:${port}`;
    const socket = new WebSocket(`ws://${at}/voice/websocket/offer`);
    const told: { event?: string; type?: string; resumable?: boolean; reason?: string }[] = [];
    let sound = 0;
    socket.on("message", (data, binary) => {
      if (binary) sound++;
      else told.push(JSON.parse(String(data)));
    });
    const closed = once(socket, "close");
    await once(socket, "open");
    socket.send(JSON.stringify({ event: "start", protocol: 1, websocket_id: "me" }));
    await vi.waitFor(() => expect(told.some(({ event }) => event === "ready")).toBe(true), { timeout: 20_000 });
    return { child, exit, at, told, closed, sound: () => sound };
  }

  it("is not ready, refuses newcomers, hands its caller over at a pause, and ends with 0", async () => {
    const { child, exit, at, told, closed } = await begin("silent");
    expect((await fetch(`http://${at}/readyz`)).status).toBe(200);
    child.kill("SIGTERM");
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1001, "draining"]);
    expect(told.filter(({ type }) => type === "bye")).toEqual([
      { type: "bye", reason: "draining", resumable: true, code: 1001 },
    ]);
    expect(await exit).toEqual([0, null]);
  });

  it("does not cut its caller's answer off, unless it is told again", async () => {
    const { child, exit, at, closed, sound } = await begin("greets");
    await vi.waitFor(() => expect(sound()).toBeGreaterThan(0), { timeout: 20_000 });
    let over = false;
    void closed.then(() => {
      over = true;
    });
    child.kill("SIGTERM");
    await vi.waitFor(async () => expect((await fetch(`http://${at}/readyz`)).status).toBe(503), { timeout: 20_000 });
    const newcomer = new WebSocket(`ws://${at}/voice/websocket/offer`);
    newcomer.on("error", () => {});
    const [, { statusCode, headers }] = await once(newcomer, "unexpected-response");
    expect([statusCode, headers["retry-after"]]).toEqual([503, "5"]);
    // Longer than `drainTimeoutMs`: the answer lasts ten seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(over).toBe(false);
    child.kill("SIGTERM");
    expect(((await closed) as [number])[0]).toBe(1001);
    expect(await exit).toEqual([0, null]);
  });
});
