import { type Bus, InProcessBus, type SubscribeOptions, silentLogger } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { busConformance } from "./bus.ts";

class Right extends InProcessBus {
  constructor() {
    super({ logger: silentLogger });
  }
}

type Handler = (data: unknown) => unknown;

/** Each breaks one thing of a bus that is right otherwise. */
const defects: Record<string, readonly [required: string, open: () => Bus]> = {
  "gives a newcomer what was before": [
    "after a subscription began",
    () => {
      const early: unknown[] = [];
      return new (class extends Right {
        override async publish(topic: string, data: unknown): Promise<void> {
          early.push(data);
          await super.publish(topic, data);
        }
        override async subscribe(topic: string, handler: Handler, options?: SubscribeOptions) {
          for (const data of early) handler(data);
          return await super.subscribe(topic, handler, options);
        }
      })();
    },
  ],
  "gives everything to everybody": [
    "after a subscription began",
    () =>
      new (class extends Right {
        override publish(_: string, data: unknown): Promise<void> {
          return super.publish("t", data);
        }
        override subscribe(_: string, handler: Handler, options?: SubscribeOptions) {
          return super.subscribe("t", handler, options);
        }
      })(),
  ],
  "goes on after it was told to stop": [
    "who has closed nothing",
    () =>
      new (class extends Right {
        override async subscribe(topic: string, handler: Handler, options?: SubscribeOptions) {
          await super.subscribe(topic, handler, options);
          return { close: async () => {} };
        }
      })(),
  ],
  "keeps whatever comes": [
    "loses the oldest",
    () =>
      new (class extends Right {
        override subscribe(topic: string, handler: Handler, options?: SubscribeOptions) {
          return super.subscribe(topic, handler, { ...options, maxQueue: 1_000 });
        }
      })(),
  ],
  "tells of no gap": [
    "told how many",
    () =>
      new (class extends Right {
        override subscribe(topic: string, handler: Handler, options?: SubscribeOptions) {
          return super.subscribe(topic, handler, { ...options, onGap: undefined });
        }
      })(),
  ],
  "stops at a handler that fails": [
    "handler that fails",
    () =>
      new (class extends Right {
        override async subscribe(topic: string, handler: Handler, options?: SubscribeOptions) {
          let failed = false;
          const once: Handler = async (data) => {
            if (failed) return;
            failed = true;
            await handler(data);
            failed = false;
          };
          return await super.subscribe(topic, once, options);
        }
      })(),
  ],
  "takes what is no data": [
    "is refused",
    () =>
      new (class extends Right {
        override publish(topic: string, data: unknown): Promise<void> {
          return super.publish(topic, JSON.parse(JSON.stringify(data)));
        }
      })(),
  ],
  "remembers who is there for ever": [
    "until its time is over",
    () =>
      new (class extends Right {
        override beat(key: string, data: unknown): Promise<void> {
          return super.beat(key, data, 60_000);
        }
      })(),
  ],
  "does not hear a goodbye": ["it says that it is not", () => Object.assign(new Right(), { drop: async () => {} })],
  "finds everybody": [
    "until its time is over",
    () =>
      new (class extends Right {
        override present() {
          return super.present("");
        }
      })(),
  ],
};

/** The names of the requirements, of those whose name has `required` in it, that are not met. */
async function failures(open: () => Bus, required = ""): Promise<string[]> {
  const failed: string[] = [];
  const cases = busConformance({ open, timeoutMs: 4_000 }).filter(({ name }) => name.includes(required));
  await Promise.all(cases.map(({ name, run }) => run().catch(() => failed.push(name))));
  return failed;
}

describe("busConformance", () => {
  it("passes a bus that is right", async () => {
    expect(await failures(() => new Right())).toEqual([]);
  });

  for (const [defect, [required, open]] of Object.entries(defects)) {
    it.concurrent(`finds a bus that ${defect}`, async () => {
      expect(await failures(open, required)).toHaveLength(1);
    });
  }
});
