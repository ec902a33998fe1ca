import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { VoiceClientError } from "../errors.ts";
import type { VoiceClientEvents } from "../events.ts";
import { ready } from "../transport/scripted-socket.fixture.ts";
import { type Attempt, type Bench, makeBench } from "./fakes.fixture.ts";

/*
 * What a page does in the middle of what it is told:
 *
 * | in the handler of    | disconnect         | connect                          |
 * | -------------------- | ------------------ | -------------------------------- |
 * | `state`: connecting  | `aborted`, ended   | the same call                    |
 * | `session`            | ended, and stays so| `invalid_state`                  |
 * | `state`: listening   | the same           | `invalid_state`                  |
 * | `state`: reconnecting| no attempt more    | `invalid_state`                  |
 * | `error`, the last    | ended, once        | `invalid_state`: not ended yet   |
 * | `state`: ended       | nothing            | a new call                       |
 */

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "up",
    (error: unknown) => (error instanceof VoiceClientError ? error.code : `raw ${error}`),
  );

const refuse: Attempt = () => Promise.reject(new VoiceClientError("connection_failed", "no", { retryable: true }));

/** Does it once, the first time the event is as wanted. */
function once<K extends keyof VoiceClientEvents>(
  { client }: Bench,
  event: K,
  wanted: (payload: VoiceClientEvents[K]) => boolean,
  act: () => void,
): void {
  const stop = client.on(event, (payload) => {
    if (!wanted(payload)) return;
    stop();
    act();
  });
}

function expectNothingLeft({ client, clock, page, transports, audios }: Bench): void {
  expect(client.state).toBe("ended");
  expect(client.hasMicrophone).toBe(false);
  expect([clock.pendingTimers, page.changes.size, page.leaves.size]).toEqual([0, 0, 0]);
  expect(transports.filter(({ closed }) => !closed)).toEqual([]);
  expect(audios.filter(({ log }) => log.includes("start") && !log.includes("close"))).toEqual([]);
}

describe("a call that is ended by a handler of its own events", () => {
  it.each(["connecting", "listening", "reconnecting"])("of the state %s", async (wanted) => {
    const bench = makeBench();
    once(
      bench,
      "state",
      ({ state }) => state === wanted,
      () => void bench.client.disconnect(),
    );
    const code = codeOf(bench.client.connect());
    await settle();
    bench.transports[0]?.break();
    await bench.clock.advance(30_000);
    expect(await code).toBe(wanted === "connecting" ? "aborted" : "up");
    expect(bench.states().at(-1)).toBe("ended");
    expectNothingLeft(bench);
  });

  it.each([1, 2])("of the session, connected for time %d", async (nth) => {
    const bench = makeBench();
    let sessions = 0;
    once(
      bench,
      "session",
      () => ++sessions === nth,
      () => void bench.client.disconnect(),
    );
    await codeOf(bench.client.connect());
    if (nth === 2) bench.transports[0]?.break();
    await bench.clock.advance(1_000);
    expect(bench.states().at(-1)).toBe("ended");
    expectNothingLeft(bench);
    await bench.client.connect();
    expect(bench.client.state).toBe("listening");
  });

  it("of its last error", async () => {
    const bench = makeBench();
    await bench.client.connect();
    once(
      bench,
      "error",
      () => true,
      () => void bench.client.disconnect(),
    );
    bench.transport().break("unauthorized", false);
    await settle();
    expect(bench.states().filter((state) => state === "ended")).toEqual(["ended"]);
    expectNothingLeft(bench);
  });
});

describe("a call that is made by a handler", () => {
  it("is the same one while it connects", async () => {
    const bench = makeBench();
    let inner: Promise<string> | undefined;
    once(
      bench,
      "state",
      ({ state }) => state === "connecting",
      () => {
        inner = codeOf(bench.client.connect());
      },
    );
    expect(await codeOf(bench.client.connect())).toBe("up");
    expect(await inner).toBe("up");
    expect(bench.transports.length).toBe(1);
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ["an attempt that failed", (bench) => bench.attempts.push(refuse)],
    ["a call that was ended", (bench) => settle().then(() => bench.client.disconnect())],
    ["an attempt that was called off", (bench) => void bench.client.disconnect()],
    ["a page that was left", (bench) => [...bench.page.leaves].map((leave) => leave())],
    ["a call that broke for good", (bench) => settle().then(() => bench.transport().break("unauthorized", false))],
  ])("is a new one after %s", async (_what, end) => {
    const bench = makeBench();
    let again: Promise<string> | undefined;
    once(
      bench,
      "state",
      ({ state }) => state === "ended",
      () => {
        again = codeOf(bench.client.connect());
      },
    );
    const early = bench.attempts.length;
    const first = codeOf(bench.client.connect());
    await end(bench);
    expect(early).toBe(0);
    await settle();
    await first;
    expect(await again).toBe("up");
    expect(bench.client.state).toBe("listening");
    expect(bench.states().slice(-3)).toEqual(["ended", "connecting", "listening"]);
    await bench.client.disconnect();
    expectNothingLeft(bench);
  });

  it("has to wait for the end of the one before, whose last error is told first", async () => {
    const bench = makeBench();
    await bench.client.connect();
    let inner: Promise<string> | undefined;
    once(
      bench,
      "error",
      () => true,
      () => {
        inner = codeOf(bench.client.connect());
      },
    );
    bench.transport().break("unauthorized", false);
    expect(await inner).toBe("invalid_state");
    await settle();
    expectNothingLeft(bench);
  });
});

describe("a call that is over", () => {
  it("asks for no microphone when it was called off before it began", async () => {
    const bench = makeBench();
    expect(await codeOf(bench.client.connect({ signal: AbortSignal.abort() }))).toBe("aborted");
    expect(bench.audio().log).toEqual(["unmute", "close"]);
    expect(bench.states()).toEqual(["connecting", "ended"]);
  });

  it("says so to a server that is ready in the moment it ends", async () => {
    const bench = makeBench();
    bench.attempts.push(async () => {
      void bench.client.disconnect();
      return ready;
    });
    expect(await codeOf(bench.client.connect())).toBe("aborted");
    expect(bench.transport().sent).toEqual([{ event: "stop" }]);
    expectNothingLeft(bench);
  });

  it("tells nothing more, also not of a speaker that was being chosen", async () => {
    const bench = makeBench({ outputDevice: "headset" }, (audio) => {
      audio.setOutputDevice = async () => {
        await bench.clock.sleep(100);
        throw new VoiceClientError("speaker_not_found", "gone");
      };
    });
    const code = codeOf(bench.client.connect());
    await settle();
    await bench.client.disconnect();
    await bench.clock.advance(1_000);
    expect(await code).toBe("aborted");
    expect(bench.events.at(-1)).toMatchObject(["state", { state: "ended" }]);
    expectNothingLeft(bench);
  });
});

describe("what a server is told when a connection is back", () => {
  it.each([true, false])("is whether the microphone is muted, changed meanwhile or not: %s", async (muted) => {
    const bench = makeBench();
    await bench.client.connect();
    bench.client[muted ? "unmute" : "mute"]();
    bench.transport().break();
    bench.client[muted ? "mute" : "unmute"]();
    await bench.clock.advance(300);
    expect(bench.transport().sent.filter(({ event }) => event === "mute")).toEqual([{ event: "mute", muted }]);
  });

  it("is nothing of it in a new session, which takes nobody for muted", async () => {
    const bench = makeBench();
    await bench.client.connect();
    bench.attempts.push(async () => ready);
    bench.transport().break();
    await bench.clock.advance(300);
    expect(bench.transport().sent.filter(({ event }) => event === "mute")).toEqual([]);
  });
});
