import { request } from "node:http";
import { connect } from "node:net";
import { RoomKit, type RoomKitError, silentLogger } from "@roomkit/core";
import { afterEach, describe, expect, it } from "vitest";
import { inspector } from "./inspector.ts";
import { detail, own, TOKEN, ToldKit, type ToldOptions, type Watching } from "./told.fixture.ts";

let told: ToldKit;
afterEach(() => told?.close());
const setUp = (options: ToldOptions = {}): ToldKit => {
  told = new ToldKit(options);
  return told;
};

describe("what an inspector shows", () => {
  it("is who calls, since when, how it stands, and how well it is heard", async () => {
    setUp().start();
    told.metrics("t1");
    await told.clock.advance(5_000);
    const view = await (await told.watch()).next();
    expect(own(view)).toMatchObject({ name: "told", self: true, stale: false, newer: false, more: 0 });
    expect(own(view).calls).toEqual([
      {
        ...{ id: "s1", room: "room", channel: "voice", who: "ada", transport: "fake" },
        providers: { stt: "ears", tts: "mouth" },
        startedAt: 1_700_000_000_000,
        status: { state: "listening", microphoneOff: false, muted: false, outputMuted: false },
        levels: {},
        quality: {
          inbound: { received: 1_000, lost: 12, late: 3, jitterMs: 4.3, concealedMs: 220 },
          ...{ underruns: 2, droppedMs: 0, queuedMs: 180 },
        },
        echo: false,
        ...{ turns: 1, interrupted: 0, toolCalls: 0, errors: 0 },
        lastTurn: expect.objectContaining({ at: 1_700_000_000_000, replyMs: 600, interrupted: false }),
      },
    ]);
  });

  it("leaves out what is not measured", async () => {
    setUp().status = { ...told.status, quality: undefined, stages: [] };
    told.start();
    const [call] = own(await (await told.watch()).next()).calls;
    expect(call).not.toHaveProperty("quality");
    expect(call).not.toHaveProperty("echo");
    expect(call?.levels).toEqual({});
    told.host.emit("echo_suspected", { session: told.start(), couplingDb: -18, delayMs: 120 });
    await told.clock.advance(500);
    expect(own(await (await told.watch()).next()).calls[0]?.echo).toEqual({ couplingDb: -18, delayMs: 120 });
  });

  it("is levels, measured only while somebody looks", async () => {
    const measured = (): boolean => told.host.hasHooks("ON_INPUT_AUDIO_LEVEL", "room");
    setUp().start();
    expect(measured()).toBe(false);
    const viewer = await told.watch();
    expect(measured()).toBe(true);
    told.level(-31.6);
    const view = await viewer.until((each) => own(each).calls[0]?.levels.inbound !== undefined);
    expect(own(view).calls[0]?.levels).toEqual({ inbound: -32, outbound: -22 });
    await told.clock.advance(1_500);
    await viewer.until((each) => own(each).calls[0]?.levels.inbound === undefined);
    viewer.stop();
    await expect.poll(measured).toBe(false);
  });

  it("is each turn of the call that is looked at, what failed, and no words", async () => {
    setUp().start();
    told.said("t1");
    told.tool("t1", true);
    told.metrics("t1", { decidedBy: "question", speechMs: 1_200 });
    told.played("t1");
    told.metrics("t1", { interrupted: true });
    told.fails("ai_error");
    const process = own(await (await told.watch()).next()).id;
    const view = await (await told.watch({ process, call: "s1" })).next();
    expect(detail(view).turnList).toEqual([
      expect.objectContaining({
        ...{ id: "t1", replyMs: 600, interrupted: true },
        tools: [{ name: "find", ms: 90, failed: true }],
        stages: [
          { stage: "endpoint", startMs: 0, endMs: 200 },
          { stage: "stt", startMs: 200, endMs: 260 },
          { stage: "llm", startMs: 260, endMs: 500 },
          { stage: "tts", startMs: 500, endMs: 580 },
          { stage: "playout", startMs: 580, endMs: 600 },
        ],
      }),
    ]);
    expect(detail(view).errorList).toEqual([{ at: 1_700_000_000_000, where: "ai_error", code: "vendor_down" }]);
    expect(detail(view)).toMatchObject({ interrupted: 1, toolCalls: 1, errors: 1 });
    expect(JSON.stringify(view)).not.toMatch(/secret|parcel|Bonn/);
  });

  it("is words, too, where that is asked for", async () => {
    setUp({ showWords: true }).start();
    told.said("t1");
    told.played("t1");
    told.played("t1", "Anything else?");
    const process = own(await (await told.watch()).next()).id;
    const [turn] = detail(await (await told.watch({ process, call: "s1" })).next()).turnList;
    expect(turn).toMatchObject({ said: "Where is my parcel?", heard: "In Bonn, it is. Anything else?" });
  });

  it("is bounded, however much is told of a call, and of how many", async () => {
    setUp({ showWords: true }).start();
    for (let turn = 0; turn < 100; turn++) {
      told.metrics(`t${turn}`);
      told.said(`t${turn}`, "word ".repeat(1_000));
      for (let tool = 0; tool < 20; tool++) told.tool(`t${turn}`);
      told.fails("stt_error");
      // So many hooks run at once, and no more.
      await new Promise(setImmediate);
    }
    for (let call = 0; call < 200; call++) {
      told.start(`ended ${call}`);
      told.end(`ended ${call}`);
    }
    const process = own(await (await told.watch()).next()).id;
    const view = await (await told.watch({ process, call: "s1" })).next();
    const { turnList, errorList, turns, errors } = detail(view);
    expect([turnList.length, errorList.length, turns, errors]).toEqual([20, 20, 100, 100]);
    expect(turnList.every(({ tools, said = "" }) => tools.length === 8 && said.length <= 400)).toBe(true);
    expect(JSON.stringify(detail(view)).length).toBeLessThan(60_000);
    expect(own(view).calls).toHaveLength(51);
    await told.clock.advance(60_500);
    expect(own(await (await told.watch()).next()).calls).toHaveLength(1);
  });

  it("keeps the last of what was measured of a call that has ended, and nothing of the call itself", async () => {
    setUp().start();
    let asked = 0;
    await (await told.watch()).next();
    told.status = { ...told.status, quality: { droppedMs: 40 } };
    told.end();
    Object.defineProperty(told, "status", { get: () => void asked++ });
    const [call] = own(await (await told.watch()).next()).calls;
    expect(call?.ended).toEqual({ at: 1_700_000_000_000, reason: "client_closed" });
    expect(call?.quality).toEqual({ inbound: expect.objectContaining({ lost: 12 }), droppedMs: 40 });
    expect(asked).toBe(0);
  });
});

describe("what an operator does", () => {
  it("ends a call, mutes the caller and the assistant, and lets both speak again", async () => {
    const { roomId } = await setUp().join("s1");
    const process = own(await (await told.watch()).next()).id;
    const binding = async (): Promise<unknown> => (await told.kit.listBindings(roomId))[0];
    for (const [action, state] of [
      ["mute", { muted: true, outputMuted: false }],
      ["mute_output", { muted: true, outputMuted: true }],
      ["unmute", { muted: false, outputMuted: true }],
      ["unmute_output", { muted: false, outputMuted: false }],
    ] as const) {
      expect(await told.act({ process, call: "s1", action })).toEqual([200, { ok: true }]);
      expect(await binding()).toMatchObject(state);
    }
    expect(await told.act({ process, call: "s1", action: "end" })).toEqual([200, { ok: true }]);
    expect(told.left).toEqual(["s1 server_closed"]);
    expect(await told.act({ process, call: "s1", action: "end" })).toEqual([404, { error: "unknown_call" }]);
    expect(await told.act({ process: "nobody", call: "s1", action: "end" })).toEqual([
      404,
      { error: "unknown_process" },
    ]);
  });

  it("is refused where it is not allowed, what is no such thing, and what other sites may have sent", async () => {
    setUp({ actions: false }).start();
    const view = await (await told.watch()).next();
    const wanted = { process: own(view).id, call: "s1", action: "end" };
    expect(view?.actions).toBe(false);
    expect(await told.act(wanted)).toEqual([403, { error: "not_allowed" }]);
    expect(await told.act({ ...wanted, action: "listen" })).toEqual([400, { error: "invalid_request" }]);
    expect(await told.act({ ...wanted, call: "x".repeat(5_000) })).toEqual([400, { error: "invalid_request" }]);
    const plain = { "content-type": "text/plain" };
    expect(await told.act(wanted, plain)).toEqual([415, { error: "json_expected" }]);
    expect(await told.act(wanted, { origin: "https://evil.example" })).toEqual([403, { error: "origin_not_allowed" }]);
    const noToken = { authorization: "Bearer no" };
    expect(await told.act(wanted, noToken)).toEqual([401, { error: "unauthorized" }]);
    expect((await told.request("/inspect/act")).status).toBe(405);
    expect(told.left).toEqual([]);
  });
});

describe("who may see it", () => {
  const code = (options: object): unknown => {
    try {
      inspector(new RoomKit({ logger: silentLogger }), options);
      return undefined;
    } catch (error) {
      return (error as RoomKitError).code;
    }
  };

  it("has to be said", () => {
    expect(code({})).toBe("auth_required");
    expect(code({ auth: () => null, path: "inspect" })).toBe("invalid_option");
    expect(code({ auth: () => null, path: "" })).toBe("invalid_option");
    expect(code({ auth: () => null, maxViewers: 0 })).toBe("invalid_option");
    expect(code({ auth: () => null })).toBeUndefined();
  });

  it("is whoever shows what `auth` takes; the page itself holds nothing", async () => {
    setUp().start();
    for (const authorization of ["", "Bearer wrong", `Basic ${TOKEN}`])
      expect((await told.request("/inspect/live", { headers: { authorization } })).status).toBe(401);
    expect((await told.request("/inspect/live?token=x", { method: "POST" })).status).toBe(405);
    const redirects = [await told.request("/inspect"), await told.request("/inspect/")];
    expect(redirects.map(({ headers }) => headers.get("location"))).toEqual(["inspect/ui/", "ui/"]);
    expect((await told.request("/inspect/nothing")).status).toBe(404);
    expect((await told.request("/inspector")).status).toBe(404);
    expect(await (await told.request("/other")).text()).toBe("other");
  });

  it("is this machine alone where nobody is asked, and only by its own name", async () => {
    setUp({ auth: undefined, allowAnonymous: true }).start();
    const url = new URL(await told.listen());
    const live = (host: string): Promise<number | undefined> =>
      new Promise((resolve) => {
        const asking = request({ host: url.hostname, port: url.port, path: "/inspect/live", headers: { host } });
        asking.on("response", (answer) => {
          resolve(answer.statusCode);
          answer.destroy();
        });
        asking.end();
      });
    expect(await live(url.host)).toBe(200);
    expect(await live("evil.example")).toBe(403);
  });

  it("is so many at once, each for ten minutes at a time", async () => {
    setUp({ maxViewers: 2 }).start();
    const [first, second] = [await told.watch(), await told.watch()];
    expect([first.status, second.status, (await told.request("/inspect/live")).status]).toEqual([200, 200, 503]);
    second.stop();
    await expect.poll(async () => (await told.watch()).status).toBe(200);
    let views = 0;
    for (let view = await first.next(); view; view = await first.next()) {
      views++;
      await told.clock.advance(500);
    }
    expect(views).toBeGreaterThan(1_100);
    expect(views).toBeLessThan(1_300);
  });
});

it("a viewer that takes nothing is let go, and holds nobody up", async () => {
  setUp({ maxViewers: 2 });
  for (let call = 0; call < 400; call++) told.start(`s${call}`);
  const slow = connect(Number(new URL(await told.listen()).port), "127.0.0.1");
  slow.on("error", () => {}).pause();
  slow.write(`GET /inspect/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  const other = await told.watch();
  let place: Watching | undefined;
  for (let round = 0; round < 300 && !place; round++) {
    await told.clock.advance(500);
    await other.next();
    const third = await told.watch();
    if (third.status === 200) place = third;
  }
  expect(place).toBeDefined();
  slow.destroy();
});

it("closed it has no viewer, hears of nothing and leaves nothing behind", async () => {
  setUp().start();
  const viewer = await told.watch();
  await viewer.next();
  await told.inspector.close();
  await told.inspector.close();
  expect(await viewer.next()).toBeUndefined();
  expect((await told.request("/inspect/live")).status).toBe(503);
  expect(told.clock.pendingTimers).toBe(0);
  expect(told.host.hasHooks("ON_TURN_METRICS", "room")).toBe(false);
});
