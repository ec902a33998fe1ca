import type { BackendCase } from "./backend-bench.ts";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";

/** The session is made first, and its client comes. */
export const sessionFirstCases: readonly BackendCase[] = [
  [
    "a session waits for its client, is bound to its connection, and is told to be ready once",
    async (bench) => {
      const metadata = { a: 1 };
      const session = await bench.connect(metadata);
      checkEqual(
        [session.state, session.roomId, session.participantId, session.channelId, session.metadata],
        ["connecting", "room", "caller", "voice", metadata],
        "a new session",
      );
      check(session.metadata !== metadata, "a session's metadata must be its own");
      await bench.client({ session: async () => session });
      await bench.until(() => bench.connections.length > 0, "onSessionReady");
      await bench.quiet();
      checkEqual(bench.log, ["ready s1 active"], "what was told");
      const { connection } = bench.connections[0] as (typeof bench.connections)[number];
      check(bench.connections[0]?.session === session, "the session told must be the one that was made");
      check(!connection.closed && connection.id !== "", "the connection must be open and have an id");
    },
  ],
  [
    "a session that is made while its client waits is bound to it",
    async (bench) => {
      let make = (): void => {};
      const asked = new Promise<void>((resolve) => {
        make = resolve;
      });
      await bench.client({ session: () => asked.then(() => bench.connect()) });
      await bench.quiet();
      checkEqual(bench.log, [], "what was told before");
      make();
      await bench.until(() => bench.log.length > 0, "onSessionReady");
      checkEqual(bench.log, ["ready s1 active"], "what was told");
    },
  ],
  [
    "a session whose client never comes ends with connect_timeout",
    async (bench) => {
      const session = await bench.connect();
      await bench.harness.skip(bench.patienceMs + 1_000);
      await bench.until(() => bench.log.length > 0, "onSessionEnded");
      await bench.quiet();
      checkEqual([bench.log, session.state], [["ended s1 connect_timeout"], "ended"], "what was told");
      await bench.checkNothingHeld("after that");
      await bench.within(bench.backend.disconnect(session), "disconnect of a session that has ended");
      checkEqual(bench.log.length, 1, "how often the end was told");
    },
  ],
  [
    "a session that ended before its client came is not bound: the client is sent away",
    async (bench) => {
      const session = await bench.connect();
      await bench.within(bench.backend.disconnect(session), "disconnect");
      const client = await bench.client({ session: async () => session });
      await bench.until(() => client.closed, "the client to be sent away");
      checkEqual(bench.log, ["ended s1 server_closed"], "what was told");
    },
  ],
  [
    "a session takes one client: a second is sent away, and the first stays",
    async (bench) => {
      const { session, connection, client } = await bench.ready();
      const second = await bench.client({ session: async () => session });
      await bench.until(() => second.closed, "the second client to be sent away");
      checkEqual([bench.log, connection.closed, client.closed], [["ready s1 active"], false, false], "the first");
    },
  ],
  [
    "a session that waits has no client to speak to",
    async (bench) => {
      const session = await bench.connect();
      const message = bench.within(bench.backend.sendMessage(session, { a: 1 }), "sendMessage");
      await checkRejects(message, "unknown_session", 5_000, "sendMessage to a session without its client");
      checkEqual(session.state, "connecting", "its state");
    },
  ],
];
