import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { ExchangeEnd } from "./frame-log.ts";
import type { HttpRoute, SocketRoute } from "./route.ts";
import { StandIn } from "./stand-in.ts";

const FRAMES = ["alpha", "beta", "gamma", "delta"];

const lines: HttpRoute = {
  kind: "http",
  name: "toy.lines",
  method: "POST",
  path: /^\/lines$/,
  errorBody: (status) => ({ error: { message: `refused ${status}` } }),
  unknownFrame: "unknown",
  errorFrame: "error",
  checkRequest: ({ json }) => (typeof (json as { n?: unknown })?.n === "number" ? undefined : "n is missing"),
  checkOut: (frame) => (FRAMES.includes(frame as string) ? undefined : `${String(frame)} is none of ours`),
  async respond(exchange) {
    exchange.begin({ "content-type": "text/plain" }, (frame) => `${String(frame)}\n`);
    for (const frame of FRAMES) await exchange.send(frame);
  },
};

const talk: SocketRoute = {
  kind: "socket",
  name: "toy.talk",
  path: /^\/talk$/,
  errorBody: () => ({ refused: true }),
  unknownFrame: { type: "unknown" },
  errorFrame: { type: "error" },
  checkIn: (frame) => ((frame as { type?: string }).type ? undefined : "no type"),
  checkOut: (frame) => ((frame as { type?: string }).type ? undefined : "no type"),
  connect(exchange) {
    exchange.onBinary = (bytes) => exchange.send({ type: "heard", bytes: bytes.length });
    exchange.onJson = (frame) => {
      if ((frame as { type: string }).type !== "go") return;
      for (const text of FRAMES) exchange.send({ type: "line", text });
      exchange.send(new Uint8Array([1, 2, 3]));
      exchange.close(1000, "done");
    };
  },
};

let standIn: StandIn;
afterEach(() => standIn.close());

describe("StandIn.fault", () => {
  it("refuses a fault for a route that is not there, and names those that are", async () => {
    const server = await start();
    expect(() => server.fault({ kind: "hang", route: "toy.line" })).toThrowError(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringMatching(/^route .*toy\.lines, toy\.talk/),
      }),
    );
    expect(server.fault({ kind: "slow", ms: 0, route: "toy.talk" })).toBe(server);
  });
});

async function start(): Promise<StandIn> {
  standIn = await StandIn.start(lines, [talk]);
  return standIn;
}

const post = (body: unknown = { n: 1 }, signal?: AbortSignal): Promise<Response> =>
  fetch(`${standIn.url}/lines`, { method: "POST", body: JSON.stringify(body), ...(signal ? { signal } : {}) });

/** The chunks that came before the body ended or broke. */
async function chunks(response: Response): Promise<{ chunks: string[]; broke: boolean }> {
  const got: string[] = [];
  try {
    for await (const chunk of response.body ?? []) got.push(Buffer.from(chunk as Uint8Array).toString());
    return { chunks: got, broke: false };
  } catch {
    return { chunks: got, broke: true };
  }
}

/** What a client sees of a WebSocket that says go. */
function dial(onOpen: (ws: WebSocket) => void = (ws) => ws.send('{"type":"go"}')) {
  const ws = new WebSocket(`${standIn.wsUrl}/talk`);
  const messages: unknown[] = [];
  ws.on("message", (data, binary) => messages.push(binary ? [...(data as Buffer)] : JSON.parse(String(data))));
  ws.on("open", () => onOpen(ws));
  let status: number | undefined;
  ws.on("unexpected-response", (_request, response) => {
    status = response.statusCode;
    ws.terminate();
  });
  ws.on("error", () => {});
  const closed = new Promise<{ code: number; reason: string; messages: unknown[]; status: number | undefined }>(
    (resolve) => {
      ws.on("close", (code, reason) => resolve({ code, reason: reason.toString(), messages, status }));
    },
  );
  return { ws, closed, messages };
}

const texts = (messages: readonly unknown[]): unknown[] => messages.map((m) => (m as { text?: string }).text);
const closes = (): ExchangeEnd[] =>
  standIn.log.filter(({ dir }) => dir === "close").map(({ frame }) => frame as ExchangeEnd);

describe("HTTP", () => {
  it("answers, logs both sides, and is clean", async () => {
    await start();
    expect((await (await post()).text()).trim().split("\n")).toEqual(FRAMES);
    await standIn.expectClean();
    expect(standIn.log.map(({ dir }) => dir)).toEqual(["in", "out", "out", "out", "out", "close"]);
    expect(standIn.received("toy.lines")).toEqual([{ n: 1 }]);
    expect(closes()).toEqual([{ byClient: false }]);
    expect(standIn.openExchanges).toBe(0);
  });

  it.each([
    ["a request that breaks a rule", () => post({}).then((r) => expect(r.status).toBe(400)), /n is missing/],
    [
      "a path nobody serves",
      () => fetch(`${standIn.url}/nowhere`).then((r) => expect(r.status).toBe(404)),
      /nothing answers GET/,
    ],
    ["a fault that was not used", async () => void standIn.fault({ kind: "hang" }), /never used/],
    [
      "a fault that came too late",
      () =>
        post().then(
          (r) => r.text(),
          () => {},
        ),
      /too few for the fault/,
    ],
  ])("is not clean after %s", async (name, act, complaint) => {
    await start();
    if (name.includes("too late")) standIn.fault({ kind: "stall", after: 99 });
    await act();
    await expect(standIn.expectClean()).rejects.toThrow(complaint);
  });

  it("notices its own mistakes", async () => {
    standIn = await StandIn.start(
      { ...lines, checkOut: () => "bad frame" },
      {
        ...lines,
        name: "toy.broken",
        path: /^\/broken$/,
        respond: () => Promise.reject(new Error("bug")),
      },
    );
    await (await post()).text();
    await fetch(`${standIn.url}/broken`, { method: "POST", body: '{"n":1}' }).catch(() => {});
    await expect(standIn.expectClean()).rejects.toThrow(/bad frame[\s\S]*a route failed: Error: bug/);
  });

  it("refuses with the vendor's body, or with another", async () => {
    await start();
    standIn.fault({ kind: "status", status: 429, headers: { "retry-after": "2" } });
    standIn.fault({ kind: "status", status: 500, body: "plain" });
    const first = await post();
    expect([first.status, first.headers.get("retry-after"), await first.json()]).toEqual([
      429,
      "2",
      { error: { message: "refused 429" } },
    ]);
    expect(await (await post()).text()).toBe("plain");
    await standIn.expectClean();
  });

  it("never answers, until the client gives up", async () => {
    await start();
    standIn.fault({ kind: "hang" });
    const controller = new AbortController();
    const asked = post({ n: 1 }, controller.signal).catch(() => "gave up");
    await standIn.waitFor(({ dir }) => dir === "fault");
    await expect(standIn.idle(30)).rejects.toMatchObject({ code: "timeout" });
    controller.abort();
    expect(await asked).toBe("gave up");
    await standIn.expectClean();
    expect(closes()).toEqual([{ byClient: true }]);
  });

  it("breaks off: before the answer, and after frames, with and without a reset", async () => {
    await start();
    standIn.fault({ kind: "cut", after: -1 });
    await expect(post()).rejects.toThrow();
    for (const rst of [true, false]) {
      standIn.fault({ kind: "cut", after: 2, rst });
      const { chunks: got, broke } = await chunks(await post());
      expect(broke).toBe(true);
      expect(got.join("")).toBe("alpha\nbeta\n");
    }
    await standIn.expectClean();
  });

  it("ends early, as if all had been said", async () => {
    await start();
    standIn.fault({ kind: "eof", after: 1 });
    expect(await chunks(await post())).toEqual({ chunks: ["alpha\n"], broke: false });
    await standIn.expectClean();
  });

  it.each(["stall", "half-open"] as const)("falls silent (%s) until the client gives up", async (kind) => {
    await start();
    standIn.fault({ kind, after: 1 });
    const controller = new AbortController();
    const reading = chunks(await post({ n: 1 }, controller.signal));
    await standIn.waitFor(({ dir }) => dir === "fault");
    controller.abort();
    expect((await reading).broke).toBe(true);
    await standIn.expectClean();
    expect(closes()).toEqual([{ byClient: true }]);
  });

  it("sends pieces, or everything at once", async () => {
    await start();
    standIn.fault({ kind: "fragment", size: 2 });
    const fragments = await chunks(await post());
    expect(fragments.chunks.join("").split("\n")).toEqual([...FRAMES, ""]);
    expect(fragments.chunks.length).toBeGreaterThan(4);
    standIn.fault({ kind: "coalesce" });
    expect(await chunks(await post())).toEqual({ chunks: ["alpha\nbeta\ngamma\ndelta\n"], broke: false });
    standIn.fault({ kind: "slow", ms: 1 });
    expect((await chunks(await post())).chunks.join("")).toBe("alpha\nbeta\ngamma\ndelta\n");
    await standIn.expectClean();
  });

  it.each([
    [{ kind: "malformed", after: 1, bytes: "###\n" }, "alpha\n###\ngamma\ndelta\n"],
    [{ kind: "unknown-type", after: 1 }, "alpha\nunknown\nbeta\ngamma\ndelta\n"],
    [{ kind: "inband-error", after: 1 }, "alpha\nerror\n"],
    [{ kind: "inband-error", after: 0, frame: "own" }, "own\n"],
    [{ kind: "duplicate", at: 1 }, "alpha\nbeta\nbeta\ngamma\ndelta\n"],
    [{ kind: "reorder", at: 1 }, "alpha\ngamma\nbeta\ndelta\n"],
  ] as const)("bends the stream: %j", async (fault, expected) => {
    await start();
    standIn.fault(fault);
    expect(await (await post()).text()).toBe(expected);
    await standIn.expectClean();
  });

  it("keeps faults for the route they name, in order", async () => {
    await start();
    standIn.fault({ kind: "status", status: 401, route: "toy.talk" });
    standIn.fault({ kind: "status", status: 500 });
    standIn.fault({ kind: "status", status: 503, route: "toy.lines" });
    expect((await post()).status).toBe(500);
    expect((await post()).status).toBe(503);
    expect((await post()).status).toBe(200);
    expect((await dial().closed).status).toBe(401);
    await standIn.expectClean();
  });
});

describe("WebSocket", () => {
  it("talks, logs both sides, and is clean", async () => {
    await start();
    const end = await dial((ws) => {
      ws.send(Buffer.alloc(5));
      ws.send('{"type":"go"}');
    }).closed;
    expect(end).toMatchObject({ code: 1000, reason: "done" });
    expect(end.messages[0]).toEqual({ type: "heard", bytes: 5 });
    expect(texts(end.messages.slice(1, 5))).toEqual(FRAMES);
    expect(end.messages[5]).toEqual([1, 2, 3]);
    await standIn.expectClean();
    expect(standIn.received()).toEqual([{ bytes: 5 }, { type: "go" }]);
    expect(closes()).toMatchObject([{ byClient: false, code: 1000 }]);
  });

  it("is not clean after a message that breaks a rule, or is no JSON", async () => {
    await start();
    const { ws } = dial((socket) => {
      socket.send("{}");
      socket.send("###");
      socket.close();
    });
    await standIn.waitFor(({ dir }) => dir === "close");
    expect(ws.readyState).toBeGreaterThan(1);
    await expect(standIn.expectClean()).rejects.toThrow(/not JSON[\s\S]*no type/);
    expect(closes()).toMatchObject([{ byClient: true, code: 1005 }]);
  });

  it.each([
    [
      { kind: "cut", after: 2 },
      { code: 1006, lines: 2 },
    ],
    [
      { kind: "cut", after: 0 },
      { code: 1006, lines: 0 },
    ],
    [
      { kind: "cut", after: -1 },
      { code: 1006, lines: 0 },
    ],
    [
      { kind: "cut", after: 1, rst: false },
      { code: 1006, lines: 1 },
    ],
    [
      { kind: "close", after: 1, code: 1011, reason: "why" },
      { code: 1011, lines: 1 },
    ],
    [
      { kind: "close", after: 0 },
      { code: 1005, lines: 0 },
    ],
  ] as const)("ends as told: %j", async (fault, { code, lines: count }) => {
    await start();
    standIn.fault(fault);
    const end = await dial().closed;
    expect(end.code).toBe(code);
    expect(texts(end.messages)).toEqual(FRAMES.slice(0, count));
    await standIn.expectClean();
  });

  it.each([
    [{ kind: "unknown-type", after: 1 }, ["alpha", undefined, "beta", "gamma", "delta", undefined]],
    [{ kind: "inband-error", after: 1 }, ["alpha", undefined, "gamma", "delta", undefined]],
    [{ kind: "duplicate", at: 0 }, ["alpha", "alpha", "beta", "gamma", "delta", undefined]],
    [{ kind: "reorder", at: 0 }, ["beta", "alpha", "gamma", "delta", undefined]],
    [{ kind: "fragment", size: 3 }, ["alpha", "beta", "gamma", "delta", undefined]],
    [{ kind: "coalesce" }, ["alpha", "beta", "gamma", "delta", undefined]],
  ] as const)("bends the stream: %j", async (fault, expected) => {
    await start();
    standIn.fault(fault);
    expect(texts((await dial().closed).messages)).toEqual(expected);
    await standIn.expectClean();
  });

  it("sends bytes that make no sense", async () => {
    await start();
    standIn.fault({ kind: "malformed", after: 0, bytes: "{nonsense" });
    const { ws } = dial();
    const raw = await new Promise((resolve) => {
      ws.removeAllListeners("message");
      ws.once("message", (data) => resolve(String(data)));
    });
    expect(raw).toBe("{nonsense");
    ws.close();
    await standIn.expectClean();
  });

  it("stalls but answers pings; half open it answers nothing", async () => {
    await start();
    for (const [kind, answered] of [
      ["stall", true],
      ["half-open", false],
    ] as const) {
      standIn.fault({ kind, after: 1 });
      const { ws, messages } = dial();
      await standIn.waitFor(({ dir, frame }) => dir === "fault" && (frame as { kind: string }).kind === kind);
      let pong = false;
      ws.on("pong", () => {
        pong = true;
      });
      ws.ping();
      for (let i = 0; i < 30; i++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(pong).toBe(answered);
      expect(texts(messages)).toEqual(["alpha"]);
      ws.terminate();
    }
    await standIn.expectClean();
  });

  it("refuses an upgrade, and leaves one without an answer", async () => {
    await start();
    standIn.fault({ kind: "status", status: 403 });
    standIn.fault({ kind: "hang" });
    expect((await dial().closed).status).toBe(403);
    const { ws, closed } = dial();
    await standIn.waitFor(({ dir, frame }) => dir === "fault" && (frame as { kind: string }).kind === "hang");
    ws.terminate();
    await closed;
    await standIn.expectClean();
  });
});

describe("waiting", () => {
  it("finds what happened already, and says what did when the awaited does not", async () => {
    await start();
    await (await post()).text();
    expect((await standIn.waitFor(({ dir }) => dir === "in")).frame).toEqual({ n: 1 });
    await expect(standIn.waitFor(({ dir }) => dir === "upgrade", 20)).rejects.toThrow(/what did: .*in toy.lines/);
  });
});
