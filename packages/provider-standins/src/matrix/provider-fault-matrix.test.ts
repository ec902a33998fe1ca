import { abortedError, RoomKitError } from "@roomkit/core";
import {
  httpError,
  ManagedWebSocket,
  OpenCalls,
  ProviderError,
  retry,
  toProviderError,
  withRetry,
  withStreamTimeouts,
} from "@roomkit/provider-utils";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { HttpRoute, SocketRoute } from "../server/route.ts";
import type { FaultCase, FaultMatrixOptions, Operation } from "./fault-case.ts";
import { providerFaultMatrix } from "./provider-fault-matrix.ts";

const provider = "toy";
const WORDS = ["one", "two", "three"];
const frames = WORDS.length + 1;

const common = {
  errorBody: () => ({ error: { message: "no" } }),
  unknownFrame: { type: "unknown" },
  errorFrame: { type: "error", code: "overloaded" },
} as const;

/** Says the words, each with the variant it was asked for, then that it is done. */
const lines = (): HttpRoute => ({
  ...common,
  kind: "http",
  name: "toy.lines",
  method: "POST",
  path: /^\/lines$/,
  async respond(exchange) {
    const { variant } = exchange.request.json as { variant: number };
    exchange.begin({ "content-type": "text/plain" }, (frame) => `${JSON.stringify(frame)}\n`);
    for (const word of WORDS) await exchange.send({ type: "word", text: word + variant });
    await exchange.send({ type: "done" });
  },
});

const socket = (): SocketRoute => ({
  ...common,
  kind: "socket",
  name: "toy.socket",
  path: /^\/socket$/,
  connect(exchange) {
    exchange.onJson = (frame) => {
      for (const word of WORDS) exchange.send({ type: "word", text: word + (frame as { variant: number }).variant });
      exchange.send({ type: "done" });
    };
  },
});

/** What is wrong with a provider, and a case that must find it. */
const DEFECTS = {
  "takes an early end for the end": "ends after 1 frames",
  "fails on what it does not know": "passes over a frame of an unknown type",
  "cannot put pieces together": "in pieces of 7 bytes",
  "skips nonsense": "on nonsense instead of frame 1",
  "does not hear of errors in the stream": "reports an error instead of frame 1",
  "calls every refusal a server error": "refused with 401",
  "forgets how long to wait": "tells how long",
  "does not wait as long as asked": "waits before a retry",
  "never tries again": "tries again when the vendor is overloaded",
  "always tries again": "does not try again what cannot succeed",
  "says everything twice": "does not try again what it has begun",
  "waits for ever for an answer": "fails when no answer comes",
  "waits for ever for more": "nothing more comes after 1",
  "says network for aborted": "aborted while it waits for an answer",
  "leaves its connection open when aborted": "aborted after 1 frames",
  "leaves its connection open when not read on": "closes its connection when its reader stops",
  "asks although aborted": "aborted when it was aborted before",
  "sleeps through an abort": "aborted while it waits to try again",
  "mixes operations up": "keeps operations that run at the same time apart",
  "shows its key": "refused with 401",
  "leaves a timer": "gives the whole answer",
  "leaves a rejection unheard": "refused with 503",
  "loses the last word": "gives the whole answer",
} as const;
type Defect = keyof typeof DEFECTS;

interface Frame {
  readonly type: string;
  readonly text?: string;
}

let shared = 0;

/** A provider as the vendors' are made, with one defect. */
async function* speak(operation: Operation, defect?: Defect): AsyncGenerator<string> {
  const is = (name: Defect): boolean => defect === name;
  const { standIn, clock, key, firstByteMs, stallMs } = operation;
  const blind = is("asks although aborted") || is("leaves its connection open when aborted");
  const signal = blind ? new AbortController().signal : operation.signal;
  shared = operation.variant;
  if (is("leaves a timer")) clock.setTimeout(() => {}, 1e9);

  async function* receive(inner: AbortSignal): AsyncGenerator<Frame> {
    await Promise.resolve();
    const variant = is("mixes operations up") ? shared : operation.variant;
    const unlinked = is("leaves its connection open when not read on") || is("leaves its connection open when aborted");
    const response = await fetch(`${standIn.url}/lines`, {
      method: "POST",
      body: JSON.stringify({ variant }),
      headers: { authorization: `Bearer ${key}` },
      ...(unlinked ? {} : { signal: inner }),
    });
    if (!response.ok) {
      const status = is("calls every refusal a server error") ? 500 : response.status;
      if (is("leaves a rejection unheard")) void Promise.reject(new Error("unheard"));
      if (is("shows its key")) throw Object.assign(new RoomKitError("provider_auth", "no"), { kind: "auth", key });
      throw httpError(status, is("forgets how long to wait") ? {} : response.headers, await response.text(), {
        provider,
      });
    }
    let rest = "";
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    // A reader that is left as it is keeps the connection.
    const chunks = unlinked
      ? { [Symbol.asyncIterator]: () => ({ next: () => reader.read() as Promise<IteratorResult<Uint8Array>> }) }
      : undefined;
    if (!chunks) reader.releaseLock();
    for await (const bytes of chunks ?? (response.body as unknown as AsyncIterable<Uint8Array>)) {
      rest = (is("cannot put pieces together") ? "" : rest) + Buffer.from(bytes).toString();
      const whole = rest.split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole) {
        try {
          yield JSON.parse(line) as Frame;
        } catch (error) {
          if (!is("skips nonsense")) throw error;
        }
      }
    }
  }

  async function* attempt(): AsyncGenerator<string> {
    const limits = {
      firstByteMs: is("waits for ever for an answer") ? 0 : firstByteMs,
      stallMs: is("waits for ever for more") ? 0 : stallMs,
    };
    let words = 0;
    for await (const { type, text = "" } of withStreamTimeouts(receive, { provider, signal, clock, ...limits })) {
      if (type === "done") return;
      if (type === "word" && !(is("loses the last word") && ++words === WORDS.length)) yield text;
      else if (type === "error" && !is("does not hear of errors in the stream")) {
        throw new ProviderError("overloaded", "busy", { provider });
      } else if (type === "unknown" && is("fails on what it does not know")) throw new Error("unknown");
    }
    if (!is("takes an early end for the end")) throw new ProviderError("protocol", "stopped", { provider });
  }

  const sleepy: Operation["clock"] = Object.assign(Object.create(clock) as VirtualClock, {
    sleep: (ms: number) => clock.sleep(is("does not wait as long as asked") ? 1 : ms),
  });
  const naive = is("sleeps through an abort") || is("does not wait as long as asked");
  const retries = is("never tries again") ? 0 : (operation.retry.retries ?? 0);
  try {
    if (is("always tries again") || is("says everything twice")) {
      for (let left = retries; ; left--) {
        try {
          yield* attempt();
          return;
        } catch (error) {
          if (left === 0) throw error;
        }
      }
    }
    yield* withRetry(attempt, { ...operation.retry, retries, signal, clock: naive ? sleepy : clock });
  } catch (error) {
    if (operation.signal.aborted) {
      throw is("says network for aborted")
        ? new ProviderError("network", "x", { provider })
        : abortedError(operation.signal);
    }
    throw error;
  }
}

const matrix = (defect?: Defect, patienceMs = 10_000): FaultCase[] =>
  providerFaultMatrix({
    patienceMs,
    createClock: () => new VirtualClock(),
    routes: () => [lines()],
    operate: (operation) => speak(operation, defect),
    complete: (items, variant) => items.join() === WORDS.map((word) => word + variant).join(),
    frames,
    malformed: "{nonsense\n",
    inbandError: "overloaded",
  });

describe("providerFaultMatrix over HTTP", () => {
  for (const { name, run } of matrix()) it(`a sound provider ${name}`, run);

  it.each(Object.entries(DEFECTS))("finds one that %s", async (defect, finder) => {
    const cases = matrix(defect as Defect, 300).filter(({ name }) => name.includes(finder));
    expect(cases.length).toBeGreaterThan(0);
    const results = await Promise.all(
      cases.map(({ run }) =>
        run().then(
          () => "passed",
          () => "failed",
        ),
      ),
    );
    expect(results).toContain("failed");
  });
});

describe("providerFaultMatrix over a WebSocket", () => {
  function talk({ standIn, clock, signal, key, retry: options, firstByteMs, stallMs, variant }: Operation) {
    return new OpenCalls(provider).stream(signal, (inner) => {
      const own = { provider, signal: inner, clock };
      const attempt = async function* (): AsyncGenerator<string> {
        const open = (): Promise<ManagedWebSocket> =>
          ManagedWebSocket.open(`${standIn.wsUrl}/socket`, {
            ...own,
            headers: { authorization: `Bearer ${key}` },
            handshakeTimeoutMs: firstByteMs,
            pingIntervalMs: 500,
            pongTimeoutMs: 500,
          });
        const socket = await open();
        try {
          socket.send(JSON.stringify({ variant }));
          for await (const message of withStreamTimeouts(() => socket, { ...own, firstByteMs, stallMs })) {
            const { type, text = "" } = JSON.parse(String(message)) as Frame;
            if (type === "done") return;
            if (type === "error") throw new ProviderError("overloaded", "busy", { provider });
            if (type === "word") yield text;
          }
          throw new ProviderError("protocol", "stopped", { provider });
        } catch (error) {
          throw toProviderError(error, { provider, signal });
        } finally {
          void socket.close();
        }
      };
      return withRetry(attempt, { ...options, signal: inner, clock });
    });
  }
  const options: FaultMatrixOptions = {
    createClock: () => new VirtualClock(),
    routes: () => [socket()],
    operate: talk,
    complete: (items, variant) => items.join() === WORDS.map((word) => word + variant).join(),
    frames,
    malformed: "{nonsense",
    inbandError: "overloaded",
  };
  for (const { name, run } of providerFaultMatrix(options)) it(`a sound provider ${name}`, run);

  it("finds one that does not look for signs of life", async () => {
    const deaf: FaultMatrixOptions = {
      ...options,
      patienceMs: 300,
      async *operate({ standIn, clock, signal, variant }: Operation) {
        const context = { signal, clock, retries: 0 };
        const socket = await retry(
          () => ManagedWebSocket.open(`${standIn.wsUrl}/socket`, { provider, ...context, pingIntervalMs: 0 }),
          context,
        );
        socket.send(JSON.stringify({ variant }));
        for await (const message of socket) yield message;
      },
    };
    const found = providerFaultMatrix(deaf).find(({ name }) => name.includes("has vanished"));
    await expect(found?.run()).rejects.toThrow();
  });
});
