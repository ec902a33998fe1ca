import { expect, it } from "vitest";
import { sine } from "../src/testing.fixture.ts";
import { Caller } from "./caller.fixture.ts";
import { startEcho } from "./echo-server.fixture.ts";
import { LossyRelay, type PathOptions } from "./lossy-relay.fixture.ts";
import { fromOpus, toOpus } from "./speech.fixture.ts";

const SECONDS = 20;

/** A short tone at the beginning of each second, to know where in the call an echo belongs. */
function beeps(): Int16Array {
  const out = new Int16Array(SECONDS * 48_000);
  for (let second = 0; second < SECONDS; second++) out.set(sine(48_000, 1_000, 200), second * 48_000);
  return out;
}

interface Outcome {
  /** From saying a beep to the application's hearing it, ms, by its second; beeps that were lost are missing. */
  readonly delays: number[];
  /** And to hearing its echo. What plays an echo keeps the longest wait of the call, so this one may grow by one stall. */
  readonly echoes: number[];
  readonly sent: number;
  readonly heardMs: number;
  readonly received: number;
  readonly lost: number;
  readonly reordered: number;
  readonly concealedMs: number;
  /** Packets of the server's voice that came back. */
  readonly heard: number;
  readonly jsonCame: number;
}

/** Twenty seconds of beeps over a bad path, echoed. */
async function callOver(path: PathOptions): Promise<Outcome> {
  const relay = new LossyRelay(path);
  const arrivals: number[] = [];
  const server = await startEcho({
    onFrame: ({ samples }, now) => {
      if (Math.max(...samples) > 4_000) arrivals.push(now);
    },
  });
  const caller = new Caller({ url: server.url, bindAddress: "127.0.0.1", hideCandidates: true, reroute: relay.to });
  try {
    const packets = await toOpus(beeps(), 48_000);
    await caller.connect();
    relay.begin();
    const speaking = caller.speak(packets);
    for (let i = 0; i < 10; i++) {
      caller.write(`message ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const started = await speaking;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const audio = server.transport.statsOf(server.calls[0]?.connection.id ?? "")?.audio;
    const decoded = await fromOpus(caller.heard.map(({ payload }) => payload));
    const loud = caller.heard.filter((_, i) => Math.max(...(decoded[i] ?? [])) > 4_000).map(({ at }) => at);
    const after = (times: readonly number[]): number[] =>
      Array.from({ length: SECONDS }, (_, second) => started + second * 1_000).flatMap((said) => {
        const at = times.find((time) => time > said && time < said + 1_000);
        return at === undefined ? [] : [at - said];
      });
    return {
      delays: after(arrivals),
      echoes: after(loud),
      sent: caller.sent,
      heardMs: server.calls[0]?.heardMs ?? 0,
      received: audio?.received ?? 0,
      lost: audio?.lost ?? 0,
      reordered: audio?.reordered ?? 0,
      concealedMs: audio?.concealedMs ?? 0,
      heard: caller.heard.length,
      jsonCame: caller.messages.length,
    };
  } finally {
    caller.close();
    await server.stop();
    relay.close();
  }
}

/** The median of the first third and of the last, ms. */
function firstAndLast(values: readonly number[]): [number, number] {
  const median = (part: readonly number[]): number =>
    Math.round([...part].sort((a, b) => a - b)[part.length >> 1] ?? Number.NaN);
  return [median(values.slice(0, 7)), median(values.slice(-7))];
}

it.concurrent.each<[string, PathOptions, { readonly lost: readonly [number, number]; readonly reordered: number }]>([
  ["5 % loss", { loss: 0.05, delayMs: 20 }, { lost: [0.02, 0.08], reordered: 0 }],
  ["20 % loss", { loss: 0.2, delayMs: 20 }, { lost: [0.14, 0.26], reordered: 0 }],
  [
    "jitter of 40 ms, and every twentieth packet 50 ms behind its successors",
    { delayMs: 20, jitterMs: 40, reorder: 0.05, reorderMs: 50 },
    { lost: [0, 0.04], reordered: 20 },
  ],
])(
  "%s: what is lost is made up, and the delay does not grow",
  async (name, path, expected) => {
    const out = await callOver(path);
    const [first, last] = firstAndLast(out.delays);
    const [firstEcho, lastEcho] = firstAndLast(out.echoes);
    if (process.env.ROOMKIT_FIGURES)
      console.log(name, { ...out, delays: [first, last], echoes: [firstEcho, lastEcho] });
    expect(out.sent).toBe(SECONDS * 50);
    const share = out.lost / out.sent;
    expect(share).toBeGreaterThanOrEqual(expected.lost[0]);
    expect(share).toBeLessThan(expected.lost[1]);
    expect(out.reordered).toBeGreaterThanOrEqual(expected.reordered);
    // All of it is made up, so that the line is as long as what was said, but for what was lost at its very end.
    expect(out.concealedMs).toBeGreaterThanOrEqual((out.lost - 5) * 20);
    expect(Math.abs(out.heardMs - SECONDS * 1_000)).toBeLessThan(1_200);
    // The channel repeats what was lost.
    expect(out.jsonCame).toBe(10);
    expect(out.delays.length).toBeGreaterThan(SECONDS * 0.8);
    // One lost in a row more is 20 ms, and the buffer waits 60 ms at most; what grows would grow by seconds.
    expect(last - first).toBeLessThan(300);
    expect(out.echoes.length).toBeGreaterThan(SECONDS * 0.8);
    expect(lastEcho - firstEcho).toBeLessThan(600);
  },
  60_000,
);
