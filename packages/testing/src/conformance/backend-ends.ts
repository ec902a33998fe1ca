import type { VoiceSession } from "@roomkit/core";
import { type BackendBench, type BackendCase, bye } from "./backend-bench.ts";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";

/** Ends told of the session `s1`, with these codes, and nothing more of it. */
function checkEnds(bench: BackendBench, accepted: boolean, codes: readonly string[]): void {
  const ends = [...bench.told("disconnected"), ...bench.told("ended")];
  const expected = (code: string): string[] => [...(accepted ? [`disconnected s1 ${code}`] : []), `ended s1 ${code}`];
  check(
    codes.some((code) => ends.join() === expected(code).join()),
    `told must be ${codes.map(expected).join(" or ")}, not ${ends.join() || "nothing"}`,
  );
}

const ways = ["ready", "accepted"] as const;

async function refuses(bench: BackendBench, session: VoiceSession, what: string): Promise<void> {
  const { backend } = bench;
  const frame = { samples: new Int16Array(160), sampleRate: 8_000, channels: 1, timestamp: 0 } as const;
  const source = (async function* () {
    yield frame;
  })();
  for (const work of [
    () => backend.sendMessage(session, { a: 1 }),
    () => backend.sendAudio(session, frame),
    () => backend.sendAudio(session, source),
  ])
    await checkRejects(bench.within(work(), "it"), "unknown_session", 5_000, what);
  await bench.within(backend.disconnect(session), `disconnect of ${what}`);
}

/** Whoever ends it, it is told once, and nothing is left. */
export const endCases: readonly BackendCase[] = [
  ...ways.flatMap((way): BackendCase[] => [
    [
      `disconnect ends a session that was ${way}, once, for the reason given`,
      async (bench) => {
        const { session, connection, client } = await bench[way]();
        const twice = [bench.backend.disconnect(session, bye), bench.backend.disconnect(session)];
        await bench.within(Promise.all(twice), "disconnect");
        await bench.within(bench.backend.disconnect(session), "disconnect again");
        check(connection.closed, "its connection must be closed");
        await bench.until(() => client.closed, "the client to see it");
        checkEnds(bench, way === "accepted", [bye.code]);
        if (way === "ready") checkEqual(session.state, "ended", "its state");
        await refuses(bench, session, "a session that has ended");
        await bench.checkNothingHeld("after that");
      },
    ],
    [
      `a client that leaves ends a session that was ${way}, once`,
      async (bench) => {
        const { session, connection, client } = await bench[way]();
        await client.leave();
        await bench.until(() => bench.told("ended").length > 0, "onSessionEnded");
        await bench.quiet();
        check(connection.closed, "its connection must be closed");
        checkEnds(bench, way === "accepted", ["client_closed"]);
        await refuses(bench, session, "a session whose client left");
        await bench.checkNothingHeld("after that");
      },
    ],
    [
      `a client that is lost ends a session that was ${way}, once`,
      async (bench) => {
        const { client } = await bench[way]();
        await client.vanish();
        await bench.harness.skip(bench.patienceMs + 1_000);
        await bench.until(() => bench.told("ended").length > 0, "onSessionEnded");
        await bench.quiet();
        checkEnds(bench, way === "accepted", ["client_lost"]);
        await bench.checkNothingHeld("after that");
      },
    ],
    [
      `a session that was ${way} and is left and ended at once ends once`,
      async (bench) => {
        const { session, connection, client } = await bench[way]();
        const all = [bench.backend.disconnect(session, bye), connection.close(), client.leave()];
        await bench.within(Promise.all(all), "all of it");
        await bench.quiet();
        checkEnds(bench, way === "accepted", [bye.code, "client_closed"]);
        await bench.checkNothingHeld("after that");
      },
    ],
  ]),
  [
    "a connection that is closed ends its session",
    async (bench) => {
      const { connection, client } = await bench.ready();
      await bench.within(connection.close(bye), "close");
      await bench.until(() => client.closed, "the client to see it");
      checkEnds(bench, false, [bye.code]);
    },
  ],
  [
    "a session of somebody else's is unknown, whatever its id",
    async (bench) => {
      const { session, connection } = await bench.ready();
      await refuses(bench, bench.ownSession(), "a session it does not know");
      await refuses(bench, { ...session }, "a copy of a session");
      check(!connection.closed, "the session it has must stay");
      checkEqual(bench.told("ended"), [], "ends told");
    },
  ],
  [
    "sessions end one by one: the others stay",
    async (bench) => {
      const [one, two] = [await bench.ready(), await bench.accepted()];
      await bench.within(bench.backend.disconnect(one.session), "disconnect");
      await bench.quiet();
      checkEqual([two.connection.closed, two.client.closed], [false, false], "the other");
      await bench.within(bench.backend.sendMessage(two.session, { a: 1 }), "sendMessage");
    },
  ],
  [
    "listeners that throw or have gone keep nothing from the others",
    async (bench) => {
      const { backend } = bench;
      let gone = 0;
      const count = (): void => void gone++;
      const fail = (): void => {
        throw new Error("a listener's own");
      };
      const stops = [fail, count].flatMap((listener) => [
        backend.onSessionReady(listener),
        backend.onSessionEnded(listener),
        backend.onClientConnected(listener),
        backend.onClientDisconnected(listener),
      ]);
      for (const stop of stops.slice(4)) stop();
      const told: string[] = [];
      backend.onSessionReady(() => told.push("ready"));
      backend.onSessionEnded(() => told.push("ended"));
      backend.onClientConnected(() => told.push("connected"));
      backend.onClientDisconnected(() => told.push("disconnected"));
      const { session } = await bench.ready();
      const other = await bench.accepted();
      await bench.within(backend.disconnect(session), "disconnect");
      await bench.within(backend.disconnect(other.session), "disconnect");
      checkEqual([told, gone], [["ready", "connected", "ended", "disconnected", "ended"], 0], "what was told");
    },
  ],
  [
    "close ends everything once, refuses afterwards, and can be called again",
    async (bench) => {
      const { backend } = bench;
      const [made, accepted, waiting] = [await bench.ready(), await bench.accepted(), await bench.waits()];
      const pending = await bench.connect();
      bench.log.length = 0;
      const closing = [backend.close(), backend.close()];
      await bench.within(closing[1] as Promise<void>, "a second close");
      await bench.checkNothingHeld("after the second close has returned");
      await bench.within(Promise.all(closing), "close");
      await bench.within(backend.close(), "close again");
      const ended = [made, accepted].map(({ session }) => bench.nameOf(session)).concat(bench.nameOf(pending));
      checkEqual(
        bench
          .told("ended")
          .map((line) => line.split(" ")[1])
          .sort(),
        ended.sort(),
        "sessions ended",
      );
      checkEqual(bench.told("disconnected").length, 1, "clients told to be gone");
      for (const { client } of [made, accepted, waiting])
        await bench.until(() => client.closed, "every client to see it");
      await checkRejects(bench.within(bench.connect(), "connect"), "closed", 5_000, "connect");
      for (const id of [waiting.id, "nobody"]) {
        const accepting = bench.within(backend.accept(bench.ownSession(), id), "accept");
        await checkRejects(accepting, "closed", 5_000, "accept");
      }
      await refuses(bench, made.session, "a session of a closed backend");
    },
  ],
];
