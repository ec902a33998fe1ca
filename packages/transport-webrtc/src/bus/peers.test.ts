import { silentLogger } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HeldBus } from "../../../../tools/held-bus.ts";
import type { AskMessage, Verdict } from "./messages.ts";
import { type Answer, Peers } from "./peers.ts";

type Tell = (verdict: Verdict, sdp?: string) => void;

/** A process that answers as a test says, and what it was asked. */
class Process {
  readonly asked: { readonly ask: AskMessage; readonly tell: Tell }[] = [];
  readonly peers: Peers;
  says: Verdict | undefined;

  constructor(says?: Verdict) {
    this.says = says;
    const take = (ask: AskMessage, tell: Tell): void => {
      this.asked.push({ ask, tell });
      if (this.says) tell(this.says);
    };
    this.peers = new Peers({ bus, clock, logger: silentLogger, take });
    processes.push(this);
  }
}

let bus: HeldBus;
let clock: VirtualClock;
let processes: Process[];
/** The one that asks. */
let here: Process;

beforeEach(() => {
  [bus, clock, processes] = [new HeldBus(), new VirtualClock(), []];
  here = new Process();
});
afterEach(async () => {
  for (const { peers } of processes) await peers.close();
  expect(here.peers.waiting).toBe(0);
  expect(bus.listeners).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

const candidate = (label = "call") => ({
  ...{ type: "ice-candidate" as const, webrtc_id: label },
  candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 50000 typ host" },
});
const ada = { metadata: {}, identity: "token ada", address: "192.0.2.1" };

/** What became of one, when all of the bus has flowed and so many ms are over. */
async function outcome(asking: Promise<Answer>, ms = 0): Promise<string> {
  let verdict = "waits";
  void asking.then((answer) => {
    verdict = answer.verdict;
  });
  await bus.flow();
  await clock.advance(ms);
  return verdict;
}
const ask = (ms?: number): Promise<string> => outcome(here.peers.ask(candidate(), ada), ms);

describe("what is asked of other processes", () => {
  it.each<[string, readonly (Verdict | undefined)[], string, string]>([
    ["nobody is there", [], "waits", "silent"],
    ["nobody has the call", [undefined, undefined], "waits", "silent"],
    ["one has it", [undefined, "success"], "success", "success"],
    ["two have it", ["success", "success"], "success", "success"],
    ["one has a call of that name, of another client", ["forbidden"], "waits", "forbidden"],
    ["and another one has this client's", ["forbidden", "success"], "success", "success"],
    ["it is over", ["connection_closed"], "waits", "connection_closed"],
    ["it is over, and another's is there", ["connection_closed", "forbidden"], "waits", "forbidden"],
    ["it is over in one, and lives in another", ["connection_closed", "success"], "success", "success"],
  ])("%s", async (_what, verdicts, atOnce, inTheEnd) => {
    for (const says of verdicts) new Process(says);
    const asking = here.peers.ask(candidate(), ada);
    expect(await outcome(asking)).toBe(atOnce);
    expect(await outcome(asking, 3_000)).toBe(inTheEnd);
    expect(processes[1]?.asked[0]?.ask ?? { ...ada, request: candidate() }).toMatchObject({
      ...{ identity: "token ada", address: "192.0.2.1", request: candidate() },
    });
  });

  it("goes to who has the call alone, once that is known; who is silent then is forgotten", async () => {
    const [owner, other] = [new Process("success"), new Process()];
    expect(await ask()).toBe("success");
    expect(await ask()).toBe("success");
    expect([owner.asked.length, other.asked.length]).toEqual([2, 1]);
    // It has died, or stands still.
    owner.says = undefined;
    expect(await ask(3_000)).toBe("timeout");
    expect(other.asked.length).toBe(1);
    other.says = "success";
    expect(await ask()).toBe("success");
    expect(other.asked.length).toBe(2);
    // Another call is another matter.
    expect(await outcome(here.peers.ask(candidate("other"), ada))).toBe("success");
    expect(owner.asked.length).toBe(5);
  });

  it.each<[string, (answer: (more?: object) => object) => readonly object[], string]>([
    ["twice", (answer) => [answer({ verdict: "success" }), answer({ verdict: "forbidden" })], "success"],
    ["to something else", (answer) => [answer({ id: "ask_of_another" })], "waits"],
    ["with a verdict that is none", (answer) => [answer({ verdict: "welcome" })], "waits"],
    ["in another version", (answer) => [answer({ v: 2 })], "waits"],
    ["from nobody", (answer) => [answer({ from: "" })], "waits"],
    ["with SDP that is no text", (answer) => [answer({ sdp: 7 })], "waits"],
    ["with nothing", () => [[] as object, null as unknown as object], "waits"],
  ])("is answered %s", async (_what, answers, expected) => {
    const asking = here.peers.ask(candidate(), ada);
    await Promise.resolve();
    const { topic, text } = bus.held[0] as HeldBus["held"][number];
    expect(topic).toBe("webrtc");
    const { id, from } = JSON.parse(text) as { id: string; from: string };
    const answer = (more: object = {}) => ({ v: 1, type: "answer", id, from: "p", verdict: "success", ...more });
    for (const each of answers(answer)) bus.held.push({ topic: `webrtc:${from}`, text: JSON.stringify(each) });
    expect(await outcome(asking)).toBe(expected);
    await clock.advance(3_000);
  });

  it("is answered by another than was asked, or too late: that counts for nothing", async () => {
    const owner = new Process("success");
    expect(await ask()).toBe("success");
    owner.says = undefined;
    const asking = here.peers.ask(candidate(), ada);
    await bus.flow();
    const last = owner.asked.at(-1);
    const forged = { v: 1, type: "answer", id: last?.ask.id, from: "another", verdict: "success" };
    bus.held.push({ topic: `webrtc:${last?.ask.from}`, text: JSON.stringify(forged) });
    expect(await outcome(asking)).toBe("waits");
    expect(await outcome(asking, 3_000)).toBe("timeout");
    last?.tell("success");
    last?.tell("forbidden");
    expect(bus.held.length).toBe(1);
    await bus.flow();
    expect(here.peers.waiting).toBe(0);
  });

  it("is done once where it comes twice", async () => {
    const owner = new Process("success");
    const asking = here.peers.ask(candidate(), ada);
    await Promise.resolve();
    bus.bring(0, true);
    expect(await outcome(asking)).toBe("success");
    expect(owner.asked.length).toBe(1);
  });

  it("may be done here after all", async () => {
    let done = (): void => {};
    const asking = here.peers.ask(candidate(), ada, new Promise((resolve) => (done = resolve)));
    done();
    expect(await outcome(asking)).toBe("success");
  });

  it("fails with the bus's code while that is away, and works when it is back", async () => {
    new Process("success");
    bus.down = true;
    expect(await ask()).toBe("bus_unavailable");
    bus.down = false;
    expect(await ask()).toBe("success");
  });

  it("finds the others when the bus was away as it began", async () => {
    bus.down = true;
    new Process("success");
    await clock.advance(0);
    bus.down = false;
    expect(await ask(3_000)).toBe("silent");
    await clock.advance(5_000);
    expect(await ask()).toBe("success");
  });

  it("is bounded: 50 of one address, 500 in all; and what waits ends with it", async () => {
    const asking = Array.from({ length: 51 }, () => here.peers.ask(candidate(), ada));
    expect((await asking[50])?.verdict).toBe("busy");
    const others = Array.from({ length: 451 }, (_, i) => here.peers.ask(candidate(), { ...ada, address: `${i}` }));
    expect((await others[450])?.verdict).toBe("busy");
    expect(here.peers.waiting).toBe(500);
    await here.peers.close();
    expect(await outcome(asking[0] as Promise<Answer>)).toBe("draining");
    expect(await ask()).toBe("draining");
  });

  it("is not taken from strangers to the protocol", async () => {
    const owner = new Process("success");
    const good = { v: 1, type: "ask", id: "a", from: "p", identity: "i", address: "", request: "" };
    const request = JSON.stringify(candidate());
    const long = "x".repeat(513);
    const bad: unknown[] = [
      ...[null, [], 7, "ask", {}, good, { ...good, request: "{" }, { ...good, request: candidate() }],
      ...[
        { request, v: 2 },
        { request, id: 7 },
        { request, id: long },
        { request, from: "" },
      ].map((each) => ({
        ...good,
        ...each,
      })),
      ...[{ identity: undefined }, { identity: long }, { address: long }, { address: 7 }, { type: "tell" }].map(
        (each) => ({ ...good, request, ...each }),
      ),
    ];
    for (const each of bad) bus.held.push({ topic: "webrtc", text: JSON.stringify(each) });
    await bus.flow();
    expect(owner.asked).toEqual([]);
    bus.held.push({ topic: "webrtc", text: JSON.stringify({ ...good, request }) });
    await bus.flow();
    expect(owner.asked.length).toBe(1);
  });

  it("in any order, some of it twice or never: each is answered once, `success` only by who has the call", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
      const others = [new Process(), new Process()];
      const owns = new Map<string, Process>();
      const settled: [string, Answer][] = [];
      let asked = 0;
      for (let step = 0; step < 40; step++) {
        const label = `call ${Math.floor(random() * 3)} of ${seed}`.replaceAll(" ", "-");
        if (random() < 0.2) owns.set(label, pick(others));
        if (random() < 0.1) bus.down = !bus.down;
        asked++;
        void here.peers.ask(candidate(label), ada).then((answer) => settled.push([label, answer]));
        await Promise.resolve();
        for (let n = Math.ceil(bus.held.length / 2); n > 0; n--) {
          const index = Math.floor(random() * bus.held.length);
          if (random() < 0.1) bus.held.splice(index, 1);
          else bus.bring(index, random() < 0.2);
        }
        for (const process of others) {
          for (const { ask: told, tell } of process.asked.splice(0)) {
            if (owns.get(told.request.webrtc_id) === process) tell("success");
            else if (random() < 0.3) tell(pick(["forbidden", "connection_closed"]));
          }
        }
        await clock.advance(Math.floor(random() * 400));
      }
      bus.down = false;
      await bus.flow();
      await clock.advance(3_000);
      expect(settled.length, `seed ${seed}`).toBe(asked);
      for (const [label, { verdict }] of settled)
        if (verdict === "success") expect(owns.has(label), `seed ${seed}`).toBe(true);
      expect(here.peers.waiting, `seed ${seed}`).toBe(0);
      for (const { peers } of processes.splice(1)) await peers.close();
      bus.held.length = 0;
    }
  });
});
