import { seededRandom, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it } from "vitest";
import { HeldBus } from "../../../../tools/held-bus.ts";
import type { InspectorView, ProcessView } from "../calls/views.ts";
import { own, ToldKit, type Watching } from "../told.fixture.ts";

/** Two processes, a and b, on one bus; an operator looks at a's page. */
let bus: HeldBus;
let a: ToldKit;
let b: ToldKit;
let page: Watching;

async function setUp(): Promise<void> {
  bus = new HeldBus();
  const clock = new VirtualClock({ wallTime: 1_700_000_000_000 });
  a = new ToldKit({ clock, bus, name: "a" });
  b = new ToldKit({ clock, bus, name: "b" });
  page = await look();
}

/** The page, once it has shown what there is just now. */
async function look(focus?: { readonly process: string; readonly call: string }): Promise<Watching> {
  const watching = await a.watch(focus);
  await watching.next();
  return watching;
}

/** One after the other: they have one clock. */
async function closeBoth(): Promise<void> {
  await a.close();
  await b.close();
}

afterEach(async () => {
  bus.down = false;
  await closeBoth();
  expect(bus.listeners).toBe(0);
  expect(a.clock.pendingTimers).toBe(0);
});

/** Half a second, and all that is said meanwhile. */
async function step(flow = true): Promise<InspectorView> {
  await a.clock.advance(500);
  if (flow) await bus.flow();
  return (await page.next()) as InspectorView;
}

const other = (view: InspectorView): ProcessView | undefined => view.processes[1];
async function until(good: (view: InspectorView) => boolean): Promise<InspectorView> {
  for (let i = 0; i < 100; i++) {
    const view = await step();
    if (good(view)) return view;
  }
  throw new Error("it never was so");
}
const shown = (): Promise<InspectorView> => until((view) => (other(view)?.calls.length ?? 0) > 0);
const told = (type: string): number => bus.held.findIndex(({ text }) => text.includes(`"type":"${type}"`));

describe("the processes of a bus", () => {
  it("show each other's calls, and the one that is looked at closely, while somebody looks", async () => {
    await setUp();
    b.start("call of b");
    b.metrics("t1", {}, "call of b");
    expect(bus.held.every(({ text }) => !text.includes('"seen"'))).toBe(true);
    const view = await shown();
    expect(view.processes.map(({ name, self }) => [name, self])).toEqual([
      ["a", true],
      ["b", false],
    ]);
    expect(b.host.hasHooks("ON_INPUT_AUDIO_LEVEL", "room")).toBe(true);
    page.stop();
    const process = other(view)?.id as string;
    page = await look({ process, call: "call of b" });
    const close = await until((each) => each.detail !== undefined);
    expect(close.detail).toMatchObject({ process, call: { id: "call of b", turnList: [{ id: "t1" }] } });
    page.stop();
    await expect.poll(() => a.host.hasHooks("ON_INPUT_AUDIO_LEVEL", "room")).toBe(false);
    await a.clock.advance(5_000);
    await bus.flow();
    await a.clock.advance(5_000);
    expect(b.host.hasHooks("ON_INPUT_AUDIO_LEVEL", "room")).toBe(false);
    bus.held.length = 0;
    await a.clock.advance(60_000);
    expect(bus.held).toEqual([]);
  });

  it("do to a call what is asked for anywhere, once, and say what became of it", async () => {
    await setUp();
    await b.join("s1");
    const process = other(await shown())?.id as string;
    const act = async (call: string, action: string): Promise<unknown> => {
      const acting = a.act({ process, call, action });
      await expect.poll(() => told("command")).toBeGreaterThanOrEqual(0);
      // It comes twice, and so do both answers.
      bus.bring(told("command"), true);
      await bus.flow();
      return await acting;
    };
    expect(await act("s1", "mute")).toEqual([200, { ok: true }]);
    expect(await act("s1", "end")).toEqual([200, { ok: true }]);
    expect(b.left).toEqual(["s1 server_closed"]);
    expect(await act("s1", "end")).toEqual([404, { error: "unknown_call" }]);
    expect(b.left).toHaveLength(1);
  });

  it("are all as good: a balancer may bring what a page asks for to another than its own", async () => {
    await setUp();
    await a.join("s1");
    const process = own(await step()).id;
    await step();
    const acting = b.act({ process, call: "s1", action: "end" });
    await expect.poll(() => told("command")).toBeGreaterThanOrEqual(0);
    await bus.flow();
    expect(await acting).toEqual([200, { ok: true }]);
    expect(a.left).toEqual(["s1 server_closed"]);
  });

  it.each(["command", "answer"])("do not wait for ever: the %s is lost", async (lost) => {
    await setUp();
    await b.join("s1");
    const process = other(await shown())?.id as string;
    const acting = a.act({ process, call: "s1", action: "end" });
    await expect.poll(() => told("command")).toBeGreaterThanOrEqual(0);
    if (lost === "answer") bus.bring(told("command"));
    await new Promise(setImmediate);
    bus.held.length = 0;
    await a.clock.advance(3_000);
    expect(await acting).toEqual([504, { error: "timeout" }]);
    expect(b.left).toHaveLength(lost === "answer" ? 1 : 0);
  });

  it("ask a bus that is away again, and are told of once", async () => {
    bus = new HeldBus();
    bus.down = true;
    const clock = new VirtualClock();
    const warned: unknown[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (fields: object) => void warned.push(fields) };
    a = new ToldKit({ clock, bus, name: "a", logger });
    b = new ToldKit({ clock, bus, name: "b" });
    page = await look();
    b.start("s1");
    for (let i = 0; i < 30; i++) await step();
    expect(warned).toEqual([{ code: "bus_unavailable" }]);
    bus.down = false;
    await shown();
  });
});

describe("what comes over the bus", () => {
  const seen = (seq: number, calls = 1): object => ({
    ...{ v: 1, type: "seen", process: { id: "p", name: "p" }, seq, more: 0 },
    calls: Array.from({ length: calls }, (_, i) => ({
      ...{ id: `p${i}`, room: "r", channel: "voice", who: "p", transport: "fake", providers: {}, startedAt: 1 },
      ...{ levels: {}, turns: seq, interrupted: 0, toolCalls: 0, errors: 0 },
    })),
  });
  const say = (data: unknown): unknown => bus.held.push({ topic: "inspect", text: JSON.stringify(data) });
  const turnsOfP = (view: InspectorView): number | "newer" | undefined => {
    const process = view.processes.find(({ id }) => id === "p");
    return process?.newer ? "newer" : process?.calls[0]?.turns;
  };

  const gone = { v: 1, type: "gone", process: { id: "p", name: "p" } };
  const newer = { v: 2, type: "seen", process: { id: "p", name: "p" }, calls: "of another kind" };
  it.each<[string, readonly unknown[], number | "newer" | undefined]>([
    ["in order", [seen(1), seen(2)], 2],
    ["twice", [seen(1), seen(2), seen(2)], 2],
    ["the older last", [seen(2), seen(1)], 2],
    ["of a process that has gone", [seen(1), gone, seen(2)], undefined],
    ["of a newer version", [newer], "newer"],
    ["of a newer version, then of this", [newer, seen(1)], 1],
    ["of this version, then of a newer", [seen(1), newer], "newer"],
    ["of a newer version, and not of whom", [{ v: 2, type: "seen" }], undefined],
    ["of no version", [{ type: "seen" }, "seen", null, 7, []], undefined],
    ["of a kind that is not known", [{ v: 1, type: "weather" }], undefined],
    ["calls that are none", [{ ...seen(1), calls: [{ id: 7 }] }], undefined],
    ["more calls than there may be", [seen(1, 1_001)], undefined],
    ["in its own name", [{ ...gone, process: { id: "a", name: "a" } }, seen(1)], 1],
  ])("%s", async (_why, messages, turns) => {
    await setUp();
    for (const message of messages) say(message);
    await bus.flow();
    const view = await step();
    expect(turnsOfP(view)).toBe(turns);
    expect(own(view).name).toBe("a");
  });

  it("of a process that vanishes is stale after some seconds, and then forgotten", async () => {
    await setUp();
    say(seen(1));
    await bus.flow();
    const ages: (boolean | undefined)[] = [];
    for (let i = 0; i < 50; i++) ages.push((await step()).processes.find(({ id }) => id === "p")?.stale);
    expect(ages.indexOf(true)).toBe(7);
    expect(ages.indexOf(undefined)).toBe(40);
    expect(ages.slice(40).every((age) => age === undefined)).toBe(true);
  });

  it("is a bounded message, however many calls there are; who looks is told of how many are not in it", async () => {
    await setUp();
    for (let i = 0; i < 300; i++) b.start(`call ${i}`);
    const view = await shown();
    const { calls = [], more = 0 } = other(view) ?? {};
    expect(calls.length + more).toBe(300);
    expect(calls.length).toBeGreaterThan(50);
  });

  it("in any order, some of it twice or never: what is shown is what was told last, or older, and never comes back", {
    timeout: 120_000,
  }, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      await setUp();
      const steps: (() => unknown)[] = [
        () => b.start(`call ${Math.floor(random() * 5)}`),
        () => b.end(`call ${Math.floor(random() * 5)}`),
        () => say(random() < 0.5 ? newer : { v: 1, type: "seen", nonsense: seed }),
        () => a.act({ process: "b?", call: "call 1", action: "end" }),
      ];
      let ended = false;
      for (let i = 0; i < 40; i++) {
        await steps[Math.floor(random() * steps.length)]?.();
        // A third of what is under way arrives, in any order; some of it again, some of it not at all.
        for (let n = Math.ceil(bus.held.length / 3); n > 0; n--) {
          const index = Math.floor(random() * bus.held.length);
          if (random() < 0.1) bus.held.splice(index, 1);
          else bus.bring(index, random() < 0.2);
        }
        if (i === 30 && seed % 2 === 0) {
          await b.inspector.close();
          ended = true;
        }
        const view = await step(false);
        expect(view.processes.length, `seed ${seed}`).toBeLessThanOrEqual(3);
        expect(own(view).name, `seed ${seed}`).toBe("a");
      }
      await bus.flow();
      const ofB = (view: InspectorView): ProcessView | undefined => view.processes.find(({ name }) => name === "b");
      const live = (process: ProcessView): string => `${process.calls.flatMap(({ id, ended }) => (ended ? [] : id))}`;
      if (ended) await until((view) => ofB(view) === undefined);
      else {
        const mine = live(own(await (await b.watch()).next()));
        await until((view) => live(ofB(view) ?? own(view)) === mine);
      }
      page.stop();
      await closeBoth();
    }
    await setUp();
  });
});
