import type { AudioFrame, VoiceConnection, VoiceSession } from "@roomkit/core";
import type { BackendBench, BackendCase, BackendClient } from "./backend-bench.ts";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";

const FRAME_MS = 20;

function hum(connection: VoiceConnection, ms: number): AudioFrame {
  const { sampleRate } = connection.outbound;
  const samples = new Int16Array((sampleRate * ms) / 1000);
  for (let i = 0; i < samples.length; i++) samples[i] = (i >> 3) % 2 === 0 ? 6_000 : -6_000;
  return { samples, sampleRate, channels: 1, timestamp: 0 };
}

/** Each frame is shown to the taps once, in order, before the consumer has it; nothing is shown that it does not get. */
async function checkTaps(
  bench: BackendBench,
  session: VoiceSession,
  connection: VoiceConnection,
  client: BackendClient,
) {
  const shown = bench.taps.length;
  check(shown > 0, "what was said before the session was bound must be shown to taps at that moment");
  const consumed: AudioFrame[] = [];
  let early = 0;
  const stop = connection.onAudio((frame) => {
    consumed.push(frame);
    if (bench.taps.length < consumed.length) early++;
  });
  await bench.until(() => consumed.length >= shown, "the consumer to get what was held");
  await client.speak(10);
  await bench.until(() => consumed.length > shown, "the consumer to get more");
  await bench.quiet();
  stop();
  const facts = (frame: AudioFrame): string => `${frame.timestamp} ${frame.samples.length}`;
  checkEqual(
    bench.taps.map(({ frame }) => facts(frame)),
    consumed.map(facts),
    "what taps and consumer got",
  );
  checkEqual(early, 0, "frames that the consumer had before the taps");
  check(
    bench.taps.every((tap) => tap.session === session),
    "taps must be told whose audio it is",
  );
  const times = consumed.map(({ timestamp }) => timestamp);
  check(
    times.every((time, i) => i === 0 || time > (times[i - 1] as number)),
    `times must grow: ${times}`,
  );
}

/** The caller's audio, the server's, and an application's messages. */
export const mediaCases: readonly BackendCase[] = [
  [
    "taps are shown what a client said before it was accepted, and each frame once before the consumer",
    async (bench) => {
      const { client, id } = await bench.waits();
      await client.speak(10);
      checkEqual(bench.taps.length, 0, "frames shown before there is a session");
      const session = bench.ownSession();
      const connection = await bench.within(bench.backend.accept(session, id), "accept");
      await checkTaps(bench, session, connection, client);
    },
  ],
  [
    "taps are shown what a client said while its session was made, and each frame once before the consumer",
    async (bench) => {
      let make = (): void => {};
      const asked = new Promise<void>((resolve) => {
        make = resolve;
      });
      const client = await bench.client({ session: () => asked.then(() => bench.connect()) });
      await client.speak(10);
      checkEqual(bench.taps.length, 0, "frames shown before there is a session");
      make();
      await bench.until(() => bench.connections.length > 0, "onSessionReady");
      const { session, connection } = bench.connections[0] as (typeof bench.connections)[number];
      await checkTaps(bench, session, connection, client);
    },
  ],
  [
    "taps are shown audio that has no consumer, and a tap that throws harms nobody",
    async (bench) => {
      bench.backend.onAudioReceived(() => {
        throw new Error("a tap's own");
      });
      let gone = 0;
      const stop = bench.backend.onAudioReceived(() => gone++);
      let late = 0;
      bench.backend.onAudioReceived(() => late++);
      stop();
      const { client } = await bench.accepted();
      await client.speak(10);
      await bench.until(() => bench.taps.length > 0, "the taps");
      checkEqual([late, gone], [bench.taps.length, 0], "what the other taps got");
    },
  ],
  [
    "sendAudio plays a frame",
    async (bench) => {
      for (const { session, connection, client } of [await bench.ready(), await bench.accepted()]) {
        await bench.within(bench.backend.sendAudio(session, hum(connection, 100)), "sendAudio");
        await bench.until(() => client.heardMs >= 100 - FRAME_MS, "the audio");
      }
    },
  ],
  [
    "sendAudio plays a stream, longer than what is queued at once",
    async (bench) => {
      const { session, connection, client } = await bench.ready();
      const frames = Array.from({ length: 150 }, () => hum(connection, FRAME_MS));
      const source = (async function* () {
        yield* frames;
      })();
      await bench.within(bench.backend.sendAudio(session, source), "sendAudio");
      await bench.until(() => client.heardMs >= 3_000 - FRAME_MS, "the audio");
    },
  ],
  ...(["endless", "stalled"] as const).map(
    (kind): BackendCase => [
      `sendAudio of ${kind === "endless" ? "an endless" : "a stalled"} stream ends when its client has gone, and lets the source go`,
      async (bench) => {
        const { session, connection, client } = await bench.ready();
        const source = new Source(hum(connection, FRAME_MS), kind === "endless" ? Number.POSITIVE_INFINITY : 5);
        const sending = bench.backend.sendAudio(session, source);
        await bench.until(() => client.heardMs > 0, "the audio");
        await client.leave();
        await bench.within(sending, "sendAudio");
        check(source.let, "the source must be let go");
      },
    ],
  ),
  [
    "sendAudio of a stream that fails tells so, and the session stays",
    async (bench) => {
      const { session, connection, client } = await bench.ready();
      const failing = (async function* () {
        yield hum(connection, 100);
        throw new Error("the source's own");
      })();
      const sending = bench.within(bench.backend.sendAudio(session, failing), "sendAudio");
      const failure = await sending.then(
        () => "none",
        (error: unknown) => (error as Error).message,
      );
      checkEqual(failure, "the source's own", "the failure told");
      await bench.within(bench.backend.sendAudio(session, hum(connection, 100)), "sendAudio");
      await bench.until(() => client.heardMs >= 200 - 2 * FRAME_MS, "what comes after it");
    },
  ],
  [
    "sendMessage sends an application's message as it is, where the dialect has a place for it",
    async (bench) => {
      const message = { type: "of the application", list: [1, "ä", null, { deep: true }] };
      for (const { session, client } of [await bench.ready(), await bench.accepted()]) {
        await bench.within(bench.backend.sendMessage(session, message), "sendMessage");
        const found = (): unknown[] =>
          client.told.filter((each) => (each as { type?: unknown } | null)?.type === message.type);
        if (bench.messages) await bench.until(() => found().length > 0, "the message");
        await bench.quiet();
        checkEqual(found(), bench.messages ? [message] : [], "what came");
      }
    },
  ],
  [
    "sendMessage refuses what is no JSON, and the session stays",
    async (bench) => {
      const { session, connection } = await bench.ready();
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      for (const message of [cycle, { big: 1n }]) {
        const sending = bench.within(bench.backend.sendMessage(session, message), "sendMessage");
        await checkRejects(sending, "invalid_message", 5_000, "sendMessage of what is no JSON");
      }
      await bench.within(bench.backend.sendMessage(session, { a: 1 }), "sendMessage");
      check(!connection.closed, "the connection must stay");
    },
  ],
];

/** Gives a frame so many times, and then nothing for ever. */
class Source implements AsyncIterable<AudioFrame> {
  let = false;
  readonly #frame: AudioFrame;
  #left: number;

  constructor(frame: AudioFrame, count: number) {
    this.#frame = frame;
    this.#left = count;
  }

  [Symbol.asyncIterator](): AsyncIterator<AudioFrame> {
    return {
      next: () => (this.#left-- > 0 ? Promise.resolve({ value: this.#frame, done: false }) : new Promise(() => {})),
      return: () => {
        this.let = true;
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}
