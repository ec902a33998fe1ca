import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openRedisBus } from "@roomkit/bus-redis";
import { opus } from "@roomkit/codec-opus";
import { type Bus, rms, silentLogger, type WebRTCEngine } from "@roomkit/core";
import { nodeDataChannel } from "@roomkit/webrtc-engine-node-datachannel";
import { werift } from "@roomkit/webrtc-engine-werift";
import { chromium } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../../scripts/lib/chromium.mjs";
import { redisProgram, startRedis } from "../../../../tools/engines.ts";
import { type Accepted, acceptAll } from "../harness.fixture.ts";
import { mountRealtime, WebRTCTransport } from "../index.ts";
import { join, listen, until } from "../testing.fixture.ts";
import { seedPage } from "./seed-page.fixture.ts";

const executablePath = findChromium();
const engines: readonly (readonly [string, () => WebRTCEngine])[] = [
  ["werift", () => werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger })],
  ["node-datachannel", () => nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger })],
];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Process {
  readonly transport: WebRTCTransport;
  readonly app: Accepted;
  readonly port: number;
  /** Candidates that its engine was given for a peer. */
  added: number;
}

async function process(engine: WebRTCEngine, bus: Bus): Promise<Process> {
  const { server, url, close } = await listen();
  const counting: WebRTCEngine = {
    name: engine.name,
    async accept(offer, options) {
      const peer = await engine.accept(offer, options);
      const add = peer.addCandidate.bind(peer);
      peer.addCandidate = (candidate) => {
        made.added++;
        add(candidate);
      };
      return peer;
    },
    close: () => engine.close(),
  };
  const limits = { lagMs: 10_000, utilization: 1 };
  const transport = new WebRTCTransport({ opus: opus(), logger: silentLogger, engine: counting, bus, limits });
  const made: Process = { transport, app: acceptAll(transport), port: Number(new URL(url).port), added: 0 };
  const unmount = mountRealtime(server, transport, {
    ...{ allowAnonymous: true, trustedProxies: ["127.0.0.1"], origins: "*" },
  });
  cleanups.push(close, () => transport.close(), unmount);
  return made;
}

/** What a balancer does that knows nothing: here in the way that is worst for a call. */
async function balancer(portOf: (body: { readonly type?: string }) => number): Promise<string> {
  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (incoming.method !== "POST") {
      response.writeHead(200, { "content-type": "text/html" }).end(seedPage("/rtc-realtime"));
      return;
    }
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const { method, url: path, headers } = incoming;
    const port = portOf(JSON.parse(body));
    request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      statuses.push(answer.statusCode ?? 0);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end(body);
  };
  const server = createServer((incoming, response) => void pass(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const statuses: number[] = [];

async function busOf(): Promise<() => Promise<Bus>> {
  const redis = await startRedis();
  cleanups.push(() => redis.stop());
  return async () => {
    const bus = await openRedisBus({ url: redis.url, logger: silentLogger });
    cleanups.push(() => bus.close());
    return bus;
  };
}

describe
  .skipIf(executablePath === undefined || redisProgram === undefined)
  .each([["the other process than its offer"], ["either process in turn"]] as const)(
  "a page in Chromium whose candidates go to %s, over Redis",
  { timeout: 60_000 },
  (where) => {
    it.each(engines)("talks by %s", async (_, openEngine) => {
      const bus = await busOf();
      const [one, other] = [await process(openEngine(), await bus()), await process(openEngine(), await bus())];
      let candidates = 0;
      const url = await balancer(({ type }) => {
        if (type === "offer") return one.port;
        candidates++;
        return where.startsWith("the other") || candidates % 2 === 1 ? other.port : one.port;
      });
      const browser = await chromium.launch({
        ...(executablePath ? { executablePath } : {}),
        args: [...chromiumArguments],
      });
      cleanups.push(() => browser.close());
      const context = await browser.newContext({ permissions: ["microphone"] });
      const page = await context.newPage();
      await page.goto(url);
      await page.evaluate("connect()");
      await until(() => one.app.frames.length >= 100, "the microphone");
      expect(rms(join(one.app.frames.slice(20).map(({ samples }) => samples)))).toBeGreaterThan(50);
      expect(candidates).toBeGreaterThan(0);
      await until(() => statuses.length === candidates + 1, "every answer");
      expect(new Set(statuses.splice(0))).toEqual(new Set([200]));
      // All that are of use came to the process of the call, and none of them was taken for a call of the other.
      expect(one.added).toBeGreaterThan(0);
      expect([other.added, other.transport.size, one.transport.size]).toEqual([0, 0, 1]);
    });
  },
);
