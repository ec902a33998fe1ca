import { describe, expect, it } from "vitest";
import { places } from "../src/harness.fixture.ts";
import { Child } from "./child.fixture.ts";
import type { ServerState } from "./echo-main.fixture.ts";
import type { EchoOptions } from "./echo-server.fixture.ts";

/** 500 and more by hand: what leaks a little shows then. */
const CYCLES = Number(process.env.ROOMKIT_CALL_CYCLES ?? 100);
const figures = (...what: unknown[]): void => {
  if (process.env.ROOMKIT_FIGURES) console.log(...what);
};

async function withServer(options: EchoOptions, run: (server: Child, url: string) => Promise<void>): Promise<void> {
  const server = new Child("echo-main.fixture.ts", options);
  try {
    const { url } = await server.next<{ url: string }>();
    await run(server, url);
  } finally {
    await server.kill();
  }
}

async function caller(url: string): Promise<Child> {
  const child = new Child("caller-main.fixture.ts", { url, bindAddress: "127.0.0.1" });
  await child.next();
  return child;
}

/** Less than what lets go of callers without a watchdog: they may be taken for alive half a minute long. */
const REST_MS = 25_000;

/** The server's state once no connection is left, nor, if so asked, any timer. */
async function atRest(server: Child, timersToo = true): Promise<ServerState> {
  const deadline = performance.now() + REST_MS;
  for (;;) {
    const state = await server.ask<ServerState>("state");
    const { Timeout: timers = 0, TCPSocketWrap: requests = 0 } = state.handles;
    if (state.size === 0 && (timers === 0 || !timersToo) && requests === 0) return state;
    if (performance.now() > deadline) throw new Error(`not at rest: ${JSON.stringify({ ...state, calls: [] })}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What must be the same before and after. */
const held = ({ size, peers, paced, handles, descriptors }: ServerState): object => ({
  size,
  peers,
  paced,
  sockets: handles.UDPWrap ?? 0,
  descriptors,
});

describe.concurrent("callers that come and go", () => {
  it.each(places)(
    `${CYCLES} quick calls leave the server as it was, with media on %s`,
    (_, place) =>
      withServer({ echo: false, ...place }, async (server, url) => {
        const child = await caller(url);
        try {
          // The first calls load code and make what is kept: JIT, keys, codecs.
          await child.ask("cycles 20", 60_000);
          await server.ask("forget");
          const before = await atRest(server, false);
          const connectMs = await child.ask<number[]>(`cycles ${CYCLES}`, CYCLES * 1_000);
          expect(connectMs).toHaveLength(CYCLES);
          // A caller may be connected, and gone, before the server's side of it was heard of.
          let busy = await server.ask<ServerState>("state");
          while (busy.calls.length < CYCLES) busy = await server.ask<ServerState>("state");
          expect(busy.calls).toHaveLength(CYCLES);
          expect(busy.calls.filter(({ texts }) => texts.includes("hang up"))).toHaveLength(Math.floor(CYCLES / 3));
          await server.ask("forget");
          const after = await atRest(server);
          const sorted = [...connectMs].sort((a, b) => a - b).map(Math.round);
          figures("cycles", { p50: sorted[CYCLES >> 1], max: sorted.at(-1), before: before.heap, after: after.heap });
          expect(held(after)).toEqual(held(before));
          // A session holds about 200 kB while it lives.
          expect((after.heap - before.heap) / CYCLES).toBeLessThan(15_000);
        } finally {
          await child.kill();
        }
      }),
    CYCLES * 1_000 + 60_000,
  );

  it(
    "ten that vanish at once are let go when the watchdog's time is over",
    () =>
      withServer({ limits: { idleTimeoutMs: 3_000 } }, async (server, url) => {
        // One process: they vanish in the same moment.
        const child = await caller(url);
        const before = await server.ask<ServerState>("state");
        try {
          for (let i = 0; i < 10; i++) expect(await child.ask("stay")).toBe("connected");
          const during = await server.ask<ServerState>("state");
          expect(during).toMatchObject({ size: 10, peers: 10 });
          expect(during.handles.UDPWrap).toBe(10);
        } finally {
          await child.kill("SIGKILL");
        }
        const vanished = performance.now();
        const after = await atRest(server);
        figures("vanished", Math.round(performance.now() - vanished), "ms");
        expect(after.calls.map(({ ended }) => ended)).toEqual(Array.from({ length: 10 }, () => "client_lost"));
        const { descriptors: _, ...rest } = held(after) as Record<string, unknown>;
        const { descriptors: __, ...start } = held(before) as Record<string, unknown>;
        expect(rest).toEqual(start);
      }),
    120_000,
  );
});
