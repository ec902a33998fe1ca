import { assertOptions, type Bus } from "@roomkit/core";
import { settle } from "../settle.ts";
import { type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { checkEqual } from "./equal.ts";

export interface BusConformanceOptions {
  /** A bus that nobody uses. Each requirement opens some of its own and closes them. */
  open(): Bus | Promise<Bus>;
  /** Another on the engine of the one opened last, as another process has it. Without it, what two processes do is not looked at. */
  readonly another?: (() => Bus | Promise<Bus>) | undefined;
  /** Real time one requirement may take, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How many connections are open, for the checks that nothing leaks. */
  held?(): number;
}

type BusCase = readonly [name: string, run: (bus: Bus, other: Bus) => Promise<void>];

/** What every `Bus` must do; see {@link ConformanceCase}. */
export function busConformance(options: BusConformanceOptions): readonly ConformanceCase[] {
  assertOptions("busConformance", options, {
    required: ["open"],
    function: ["open", "another", "held"],
    number: ["timeoutMs"],
  });
  const { open, another, held, timeoutMs = 10_000 } = options;
  const one: readonly BusCase[] = [
    ...cases(timeoutMs),
    ...closeCases<Bus>({
      create: open,
      async begin(bus) {
        await bus.subscribe("t", () => {});
        return { ended: bus.publish("t", 1) };
      },
      beginning: (bus) => bus.subscribe("t", () => {}),
      late: (bus) => bus.publish("t", 1),
      held: held && (() => held()),
      patienceMs: timeoutMs / 2,
    }).map(([name, run]): BusCase => [`a bus ${name}`, run]),
  ];
  const two = another ? cases(timeoutMs).map(([name, run]): BusCase => [`between two processes ${name}`, run]) : [];
  return [...one, ...two].map(([name, run], n) => ({
    name,
    async run() {
      const bus = await within(Promise.resolve(open()), timeoutMs, "opening the bus");
      const peer = n < one.length ? undefined : another;
      const other = peer === undefined ? bus : await within(Promise.resolve(peer()), timeoutMs, "opening another");
      try {
        await within(run(bus, other), timeoutMs, name);
      } finally {
        await within(Promise.all([bus.close(), other.close()]), timeoutMs, "closing the buses");
      }
    },
  }));
}

function cases(timeoutMs: number): readonly BusCase[] {
  return [
    [
      "what is published after a subscription began arrives, in order, as it was",
      async (bus, other) => {
        const got: unknown[] = [];
        await other.publish("t", "too early");
        await bus.subscribe("t", (data) => void got.push(data));
        await bus.subscribe("other", (data) => void got.push(`other: ${data}`));
        const sent = [{ n: [1, null, "ü"] }, "two", 3, null];
        for (const data of sent) await other.publish("t", data);
        await until(() => got.length >= sent.length, timeoutMs, "the arrival of what was published");
        checkEqual(got, sent, "what arrived");
      },
    ],
    [
      "everybody who subscribes gets it, and who has closed nothing any more",
      async (bus, other) => {
        const got: string[] = [];
        const first = await bus.subscribe("t", (data) => void got.push(`first ${data}`));
        await bus.subscribe("t", (data) => void got.push(`second ${data}`));
        await other.publish("t", 1);
        await until(() => got.length === 2, timeoutMs, "the arrival at both");
        await first.close();
        await first.close();
        await other.publish("t", 2);
        await until(() => got.length === 3, timeoutMs, "the arrival at the one left");
        checkEqual(got.toSorted(), ["first 1", "second 1", "second 2"], "what arrived");
      },
    ],
    [
      "a slow subscriber loses the oldest, and is told how many",
      async (bus, other) => {
        const [got, gaps]: [unknown[], (number | undefined)[]] = [[], []];
        let open = (): void => {};
        const gate = new Promise<void>((resolve) => {
          open = resolve;
        });
        const handler = async (data: unknown): Promise<void> => {
          got.push(data);
          await gate;
        };
        await bus.subscribe("t", handler, { maxQueue: 3, onGap: (dropped) => gaps.push(dropped) });
        let arrived = 0;
        await bus.subscribe("t", () => void arrived++);
        for (let n = 0; n < 10; n++) await other.publish("t", n);
        await until(() => arrived === 10, timeoutMs, "the arrival at a fast subscriber beside it");
        checkEqual(got, [0], "what the slow one has while it handles its first");
        open();
        await until(() => got.length === 4, timeoutMs, "the rest");
        checkEqual(got, [0, 7, 8, 9], "what the slow one got");
        checkEqual(gaps, [6], "the gaps it was told of");
      },
    ],
    [
      "a handler that fails loses nothing but its message",
      async (bus, other) => {
        const got: unknown[] = [];
        await bus.subscribe("t", (data) => {
          got.push(data);
          if (data === 1) throw new Error("handler");
          return data === 2 ? Promise.reject(new Error("handler")) : undefined;
        });
        for (const n of [1, 2, 3]) await other.publish("t", n);
        await until(() => got.length === 3, timeoutMs, "the arrival of the rest");
      },
    ],
    [
      "what is no data, or too large, is refused",
      async (bus) => {
        await checkRejects(bus.publish("t", { f: () => {} }), "invalid_data", timeoutMs, "publishing a function");
        const large = "x".repeat(70_000);
        await checkRejects(bus.publish("t", large), "message_too_large", timeoutMs, "publishing 70,000 characters");
        await checkRejects(bus.beat("k", large, 1_000), "message_too_large", timeoutMs, "being there with as much");
      },
    ],
    [
      "who is there is seen until its time is over, or it says that it is not",
      async (bus, other) => {
        await bus.beat("node:b", { calls: 2 }, 60_000);
        await bus.beat("node:a", { calls: 1 }, 60_000);
        await bus.beat("node:short", null, 100);
        await bus.beat("other:*", 1, 60_000);
        await bus.beat("node:a", { calls: 3 }, 60_000);
        const keys = async (): Promise<string[]> => (await other.present("node:")).map(({ key }) => key);
        for (const started = performance.now(); (await keys()).length > 2; await settle(5)) {
          check(performance.now() - started < timeoutMs, "a presence must end with its time");
        }
        checkEqual(
          await other.present("node:"),
          [
            { key: "node:a", data: { calls: 3 } },
            { key: "node:b", data: { calls: 2 } },
          ],
          "who is there",
        );
        await bus.drop("node:a");
        await bus.drop("node:a");
        checkEqual(await keys(), ["node:b"], "who is there after a goodbye");
        checkEqual(await other.present("node:*"), [], "who is there by a prefix that only looks like a pattern");
      },
    ],
  ];
}
