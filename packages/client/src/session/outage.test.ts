import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { VoiceClientError } from "../errors.ts";
import type { TokenSource } from "../options.ts";
import { ready } from "../transport/scripted-socket.fixture.ts";
import { type Attempt, type Bench, makeBench } from "./fakes.fixture.ts";

const never = new Promise<never>(() => {});

/** What a function that asks a server for a token may do while that server is away. */
const faults: readonly (readonly [string, () => unknown])[] = [
  [
    "throws",
    () => {
      throw new TypeError("no server");
    },
  ],
  ["rejects", () => Promise.reject(new TypeError("Failed to fetch"))],
  ["rejects with no error at all", () => Promise.reject(undefined)],
  ["hangs", () => never],
  ["gives nothing", () => undefined],
  ["gives null", async () => null],
  ["gives an object", async () => ({ token: "secret" })],
  ["gives an empty text", async () => ""],
  ["gives spaces", async () => " \n"],
  ["gives the page of an error", async () => "<html><h1>502 Bad Gateway</h1></html>"],
];

/** A page whose token function is well but for the attempts that `faulty` names. */
function withToken(fault: () => unknown, faulty: (attempt: number) => boolean): { bench: Bench; asked: () => number } {
  let asked = 0;
  const token = (() => (faulty(++asked) ? fault() : ` token-${asked}\n`)) as TokenSource;
  return { bench: makeBench({ token }), asked: () => asked };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "none",
    (error: unknown) => (error instanceof VoiceClientError ? [error.code, error.retryable] : error),
  );

describe.each(faults)("a token function that %s", (how, fault) => {
  it("does not end a call that stood: it is asked anew at each attempt", async () => {
    const { bench, asked } = withToken(fault, (attempt) => attempt > 1 && attempt < 5);
    await bench.client.connect();
    bench.transport().break();
    await bench.clock.advance(50_000);
    expect(bench.client.state).toBe("listening");
    expect(asked()).toBe(5);
    expect(bench.transports.map(({ context }) => context.token)).toEqual(["token-1", "token-5"]);
    expect(bench.of("error")).toEqual([]);
  });

  it("is given up after giveUpAfterMs", async () => {
    const { bench } = withToken(fault, (attempt) => attempt > 1);
    await bench.client.connect();
    bench.transport().break();
    await bench.clock.advance(90_000);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: "connection_lost" });
    expect([bench.transports.length, bench.clock.pendingTimers]).toEqual([1, 0]);
  });

  it("fails the first connection at once, by its name", async () => {
    const { bench } = withToken(fault, () => true);
    const result = codeOf(bench.client.connect());
    await bench.clock.advance(10_000);
    expect(await result).toEqual([how === "hangs" ? "connection_timeout" : "token_failed", true]);
    expect([bench.client.state, bench.transports.length, bench.clock.pendingTimers]).toEqual(["ended", 0, 0]);
  });
});

describe("a token function", () => {
  it("hears when nobody waits any more, and what it gives then is not used", async () => {
    let signal: AbortSignal | undefined;
    let give = (_token: string): void => {};
    const bench = makeBench({
      token: (request) => {
        signal = request.signal;
        return new Promise((resolve) => {
          give = resolve;
        });
      },
    });
    const result = codeOf(bench.client.connect());
    await settle();
    expect(signal?.aborted).toBe(false);
    await bench.client.disconnect();
    expect(signal?.aborted).toBe(true);
    expect(await result).toEqual(["aborted", false]);
    give("late");
    await settle();
    expect(bench.transports).toEqual([]);
  });

  it("may end the call by saying so itself", async () => {
    let count = 0;
    const bench = makeBench({
      token: () => {
        if (++count > 1) throw new VoiceClientError("unauthorized", "signed out");
        return "t";
      },
    });
    await bench.client.connect();
    bench.transport().break();
    await bench.clock.advance(1_000);
    expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: "unauthorized" });
  });

  it.each([[Promise.resolve("a promise")], [""], [" "], [42], [null]])("is not %j", (token) => {
    expect(() => makeBench({ token: token as never })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});

const error = (code: string, retryable: boolean): VoiceClientError => new VoiceClientError(code, "no", { retryable });

describe("what an attempt to reconnect may meet", () => {
  it.each<[string, unknown]>([
    ["a plain error", new Error("getaddrinfo ENOTFOUND")],
    ["a TypeError", new TypeError("Failed to fetch")],
    ["a DOMException", new DOMException("no", "OperationError")],
    ["something thrown that is no error", "no"],
    ["nothing thrown", undefined],
    ["no path", error("connection_failed", true)],
    ["a proxy's 400", error("connection_failed", false)],
    ["a web server in the server's place", error("unknown_path", false)],
    ["a refusal without the server's code", error("unauthorized", true)],
    ["a token that cannot be sent", error("invalid_option", false)],
    ["a full server", error("concurrency_limit_reached", true)],
    ["a slow one", error("connection_timeout", true)],
  ])("%s is tried again", async (_what, thrown) => {
    const bench = makeBench();
    await bench.client.connect();
    const fail: Attempt = () => Promise.reject(thrown);
    bench.attempts.push(fail, fail, fail);
    bench.transport().break();
    await bench.clock.advance(20_000);
    expect([bench.client.state, bench.transports.length]).toEqual(["listening", 5]);
    expect(bench.transports.slice(0, -1).every(({ closed }) => closed)).toBe(true);
  });

  it.each(["unauthorized", "origin_not_allowed", "unsupported", "protocol_error", "resumed_elsewhere"])(
    "%s, said by the server or the browser, is the end",
    async (code) => {
      const bench = makeBench();
      await bench.client.connect();
      bench.attempts.push(() => Promise.reject(error(code, false)));
      bench.transport().break();
      await bench.clock.advance(90_000);
      expect(bench.of("state").at(-1)).toMatchObject({ state: "ended", reason: code });
      expect([bench.transports.length, bench.clock.pendingTimers]).toEqual([2, 0]);
    },
  );

  it("a plain error at the first connection is told, and may be tried again by whoever called", async () => {
    const bench = makeBench();
    bench.attempts.push(() => Promise.reject(new TypeError("Failed to fetch dynamically imported module")));
    expect(await codeOf(bench.client.connect())).toEqual(["connection_failed", true]);
    expect(bench.client.state).toBe("ended");
  });

  it("a connection that came up and could not be used is let go, and another is made", async () => {
    const bench = makeBench();
    await bench.client.connect();
    const { setRates } = bench.audio();
    bench.audio().setRates = () => {
      bench.audio().setRates = setRates;
      throw new DOMException("the context is closed", "InvalidStateError");
    };
    bench.transport().break();
    await bench.clock.advance(5_000);
    expect(bench.client.state).toBe("listening");
    expect(bench.transports.map(({ closed }) => closed)).toEqual([true, true, false]);
  });

  it("lets go of a transport that was made too late", async () => {
    let finish = (): void => {};
    let closed = false;
    const bench = makeBench({
      transport: () =>
        new Promise((resolve) => {
          finish = () =>
            resolve({
              name: "late",
              media: "frames",
              connect: async () => ready,
              send: () => {},
              sendAudio: () => true,
              close: () => {
                closed = true;
              },
            });
        }),
    });
    const result = codeOf(bench.client.connect());
    await settle();
    await bench.client.disconnect();
    expect(await result).toEqual(["aborted", false]);
    finish();
    await settle();
    expect(closed).toBe(true);
  });
});

describe("a server that says nothing any more", () => {
  async function quiet(gone: boolean | (() => Promise<boolean>)): Promise<Bench> {
    const bench = makeBench();
    bench.attempts.push(async (transport) => {
      Object.assign(transport, { serverGone: typeof gone === "function" ? gone : async () => gone });
      return ready;
    });
    await bench.client.connect();
    bench.transport().accepting = false;
    return bench;
  }

  it("is noticed within two seconds, in the statistics", async () => {
    const bench = await quiet(false);
    await bench.clock.advance(1_500);
    expect(bench.of("stats").at(-1)?.quietMs).toBe(750);
    expect(bench.client.state).toBe("listening");
    await bench.clock.advance(500);
    expect(bench.of("stats").at(-1)?.quietMs).toBe(1_250);
  });

  it("is left within two seconds when its address refuses connections too", async () => {
    const bench = await quiet(true);
    await bench.clock.advance(1_749);
    expect(bench.client.state).toBe("listening");
    await bench.clock.advance(1);
    expect(bench.client.state).toBe("reconnecting");
    expect(bench.transports[0]?.closed).toBe(true);
    await bench.clock.advance(300);
    expect(bench.client.state).toBe("listening");
    expect(bench.of("error")).toEqual([]);
  });

  it("is waited for while it stands still, and all is well again when it goes on", async () => {
    const bench = await quiet(false);
    await bench.clock.advance(2_750);
    bench.transport().accepting = true;
    bench.transport().context.handlers.onMessage({ type: "pong" });
    await bench.clock.advance(30_000);
    expect([bench.client.state, bench.transports.length]).toEqual(["listening", 1]);
    expect(bench.of("stats").at(-1)?.quietMs).toBeUndefined();
  });

  it("is not left for one sign only, nor when it speaks meanwhile, nor for a question that fails or finds no network", async () => {
    let asked = 0;
    const once = await quiet(async () => ++asked === 1);
    await once.clock.advance(3_000);
    expect([once.client.state, asked]).toEqual(["listening", 2]);

    const speaks = await quiet(true);
    await speaks.clock.advance(1_600);
    speaks.transport().context.handlers.onMessage({ type: "state", state: "thinking", since: 0 });
    speaks.transport().accepting = true;
    await speaks.clock.advance(5_000);
    expect([speaks.client.state, speaks.transports.length]).toEqual(["thinking", 1]);

    const fails = await quiet(() => Promise.reject(new Error("no")));
    await fails.clock.advance(3_000);
    expect(fails.client.state).toBe("listening");

    const offline = await quiet(true);
    offline.page.online = false;
    await offline.clock.advance(3_000);
    expect(offline.client.state).toBe("listening");
  });

  it("says nothing of a connection while there is none", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.attempts.push(() => never);
    bench.transport().break();
    const before = bench.of("stats").length;
    await bench.clock.advance(5_000);
    expect(bench.of("stats").length).toBe(before);
  });
});
