import { createSocket, type Socket } from "node:dgram";
import { InProcessBus, silentLogger, type WebRTCEngine } from "@roomkit/core";
import { tokenAuth } from "@roomkit/transport-utils";
import { werift } from "@roomkit/webrtc-engine-werift";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HeldBus } from "../../../../tools/held-bus.ts";
import type { TestClient } from "../client.fixture.ts";
import { acceptAll, type Started, start } from "../harness.fixture.ts";
import type { WebRTCTransportOptions } from "../index.ts";
import { chromeOffer } from "../sdp/chrome-offer.fixture.ts";
import { until } from "../testing.fixture.ts";

/** Two processes behind one balancer. */
let one: Started;
let other: Started;
let bus: InProcessBus | HeldBus;
let trap: Socket;
let checks: Buffer[];

const auth = tokenAuth({ ada: { user: "ada" }, eve: { user: "eve" } });

async function both(options: Partial<WebRTCTransportOptions> = {}, shared = new InProcessBus()): Promise<void> {
  bus = shared;
  one = await start({ bus, ...options }, { auth });
  other = await start({ bus, ...options }, { auth });
}

beforeEach(async () => {
  checks = [];
  trap = createSocket("udp4");
  trap.on("message", (data) => checks.push(data));
  await new Promise<void>((resolve) => trap.bind(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await one.stop();
  await other.stop();
  await bus.close();
  trap.close();
});

interface Reply {
  readonly status: number;
  readonly body: { readonly type?: string; readonly status?: string; readonly meta?: { readonly error: string } };
}

async function post({ url }: Started, body: unknown, token = "ada"): Promise<Reply> {
  const response = await fetch(`${url}/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Reply["body"] };
}

const offer = (webrtc_id: string): object => ({ type: "offer", sdp: chromeOffer, webrtc_id });
/** Of the trap, to which the process that has the call sends checks. */
const candidate = (webrtc_id: string, text?: string): object => ({
  ...{ type: "ice-candidate", webrtc_id },
  candidate: { candidate: text ?? `candidate:1 1 udp 1 127.0.0.1 ${trap.address().port} typ host` },
});
const success = { status: 200, body: { status: "success" } };
const failed = (error: string): Reply => ({ status: 200, body: { status: "failed", meta: { error } } });

describe("a candidate that comes to another process than its offer", () => {
  it.each(["after", "while", "before"])("reaches it %s the offer is answered", async (when) => {
    await both();
    const offering = when === "before" ? undefined : post(one, offer("call"));
    if (when === "after") await offering;
    const trickled = post(other, candidate("call"));
    // Whoever waits for it holds it.
    if (when === "before") await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await (offering ?? post(one, offer("call")))).body.type).toBe("answer");
    expect(await trickled).toEqual(success);
    await until(() => checks.length > 0, "a check");
    expect(await post(other, candidate("call", ""))).toEqual(success);
    expect(await post(other, candidate("call", "candidate:1 1 udp x"))).toEqual(failed("invalid_candidate_format"));
    expect([one.transport.size, other.transport.size]).toEqual([1, 0]);
  });

  it("is taken only from the client that made the offer", async () => {
    await both();
    await post(one, offer("call"));
    expect((await post(other, candidate("call"), "eve")).status).toBe(403);
    // A call of that name in the other process keeps nobody's candidates from theirs.
    expect((await post(other, offer("call"), "eve")).body.type).toBe("answer");
    expect(await post(other, candidate("call"))).toEqual(success);
    expect(await post(one, candidate("call"), "eve")).toEqual(success);
  });

  it("is refused as it would be in its own when the call is over, or nowhere", { timeout: 20_000 }, async () => {
    await both();
    acceptAll(one.transport);
    const caller = await one.client({ headers: { authorization: "Bearer ada" } }).connect();
    await until(() => caller.channel?.readyState === "open", "the channel");
    caller.send({ event: "stop" });
    await until(() => one.transport.size === 0, "the end");
    const over = post(other, candidate(caller.id));
    const nowhere = post(other, candidate("nowhere"));
    expect([await over, await nowhere]).toEqual([failed("connection_closed"), failed("unknown_connection")]);
  });

  it("counts in the process of the call as one that came there: of one call no more than 20", async () => {
    let added = 0;
    const engine = werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger });
    const counting: WebRTCEngine = {
      name: engine.name,
      async accept(sdp, options) {
        const peer = await engine.accept(sdp, options);
        const add = peer.addCandidate.bind(peer);
        peer.addCandidate = (each) => {
          added++;
          add(each);
        };
        return peer;
      },
      close: () => engine.close(),
    };
    await both({ engine: counting });
    const bare = chromeOffer.replaceAll(/^a=candidate:.*\r\n/gm, "");
    await post(one, { type: "offer", sdp: bare, webrtc_id: "call" });
    for (let i = 0; i < 30; i++) {
      const text = `candidate:${i} 1 udp 1 127.0.0.1 ${trap.address().port} typ host`;
      expect(await post(other, candidate("call", text))).toEqual(success);
    }
    expect(added).toBe(20);
  });

  it("fails with a code while the bus is away, and the call lives on", async () => {
    const held = new HeldBus();
    await both({}, held as unknown as InProcessBus);
    const caller = await one.client({ headers: { authorization: "Bearer ada" } }).connect();
    const app = acceptAll(one.transport);
    await until(() => caller.channel?.readyState === "open", "the channel");
    held.down = true;
    expect(await post(other, candidate(caller.id))).toEqual(failed("bus_unavailable"));
    held.down = false;
    const trickled = post(other, candidate(caller.id));
    await until(() => held.held.length > 0, "the question");
    await held.flow();
    expect(await trickled).toEqual(success);
    expect([one.transport.size, app.connections.length]).toEqual([1, 1]);
  });
});

describe("a client that comes back to another process", () => {
  const as = (token: string) => ({ protocol: 1 as const, headers: { authorization: `Bearer ${token}` } });

  async function readyOf(client: TestClient): Promise<{ resume: string; resumed: boolean; session: string }> {
    const found = (): unknown => client.messages.find(({ event }) => event === "ready");
    await until(() => found() !== undefined, "ready");
    return found() as { resume: string; resumed: boolean; session: string };
  }

  it.each(["lost its peer", "has its peer still"])("and %s goes on with its session", async (which) => {
    await both();
    const apps = [acceptAll(one.transport), acceptAll(other.transport)];
    const first = await one.client(as("ada")).connect();
    const { resume, session } = await readyOf(first);
    if (which === "lost its peer") {
      await first.close();
      await until(() => one.transport.size === 0, "the loss");
    }
    const second = await other.client({ ...as("ada"), resume }).connect();
    expect(await readyOf(second)).toMatchObject({ resumed: true, session });
    expect(await post(other, candidate(second.id))).toEqual(success);
    await until(() => one.transport.size === 1, "one peer");
    expect([other.transport.size, apps[0]?.sessions.length, apps[1]?.sessions.length]).toEqual([0, 1, 0]);
    // Whose place in the other process is free again, and who has a new token.
    const third = await other.client({ ...as("ada"), resume: (await readyOf(second)).resume }).connect();
    expect(await readyOf(third)).toMatchObject({ resumed: true, session });
  });

  it("begins a new session where the token is another's, or of nobody any more", async () => {
    await both();
    const apps = [acceptAll(one.transport), acceptAll(other.transport)];
    const { resume } = await readyOf(await one.client(as("ada")).connect());
    for (const [token, shown] of [
      ["eve", resume],
      ["ada", "made-up"],
    ] as const) {
      const back = await other.client({ ...as(token), resume: shown }).connect();
      expect(await readyOf(back)).toMatchObject({ resumed: false });
    }
    expect([one.transport.size, other.transport.size]).toEqual([1, 2]);
    expect(apps[0]?.sessions.length).toBe(1);
  });

  it("has one peer there at a time, however often it comes", async () => {
    await both();
    acceptAll(one.transport);
    const { resume } = await readyOf(await one.client(as("ada")).connect());
    for (let i = 0; i < 4; i++) {
      const sdp = chromeOffer;
      const answer = await post(other, { type: "offer", sdp, webrtc_id: `again-${i}`, protocol: 1, resume });
      expect(answer.body.type).toBe("answer");
    }
    // The one that talks, and the last that came.
    await until(() => one.transport.size === 2, "the others' end");
  });
});

it("without a bus a transport knows its own calls alone", async () => {
  one = await start({ logger: silentLogger }, { auth });
  other = await start({}, { auth });
  await post(one, offer("call"));
  expect(await post(other, candidate("call"))).toEqual(success);
  expect(checks).toEqual([]);
});
