import type { VoiceSession } from "@roomkit/core";
import type { BackendBench, BackendCase } from "./backend-bench.ts";
import { check, checkRejects } from "./case.ts";
import { checkEqual } from "./equal.ts";

async function refused(
  bench: BackendBench,
  id: string,
  code: string,
  {
    session = bench.ownSession(),
    signal,
  }: { session?: VoiceSession | undefined; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const accepting = bench.within(bench.backend.accept(session, id, { signal }), "accept");
  await checkRejects(accepting, code, 5_000, "accept");
}

/** The client comes first, and a session is started on it. */
export const clientFirstCases: readonly BackendCase[] = [
  [
    "a client for whom no session was made is told, with what is known of it, and accepted",
    async (bench) => {
      const seen: unknown[] = [];
      bench.backend.onClientConnected((_id, metadata) => seen.push(metadata));
      const { id } = await bench.waits({ user: "u1" });
      checkEqual(seen, [{ user: "u1" }], "its metadata");
      const connection = await bench.within(bench.backend.accept(bench.ownSession(), id), "accept");
      check(!connection.closed && connection.id === id, "accept must give the connection of this id");
      checkEqual(connection.metadata, { user: "u1" }, "the connection's metadata");
      await bench.quiet();
      checkEqual(bench.log, ["connected"], "what was told");
    },
  ],
  [
    "a client is accepted from within onClientConnected",
    async (bench) => {
      const session = bench.ownSession();
      const accepted: Promise<unknown>[] = [];
      bench.backend.onClientConnected((id) => accepted.push(bench.backend.accept(session, id)));
      await bench.client();
      await bench.until(() => accepted.length > 0, "onClientConnected");
      await bench.within(Promise.all(accepted), "accept");
      await bench.within(bench.backend.sendMessage(session, { a: 1 }), "sendMessage");
    },
  ],
  [
    "accept refuses connections it does not know, and those that were taken",
    async (bench) => {
      await refused(bench, "nobody", "unknown_connection");
      const { connection } = await bench.accepted();
      await refused(bench, connection.id, "connection_taken");
      check(!connection.closed, "the connection that was taken must stay");
      const made = await bench.ready();
      await refused(bench, made.connection.id, "connection_taken");
      checkEqual(bench.told("ended"), [], "ends told");
    },
  ],
  [
    "accept refuses a session that has a client, and leaves the other client waiting",
    async (bench) => {
      const { session } = await bench.accepted();
      const { id } = await bench.waits();
      await refused(bench, id, "session_taken", { session });
      const connection = await bench.within(bench.backend.accept(bench.ownSession(), id), "accept");
      check(!connection.closed, "it must still be there");
      const made = await bench.ready();
      const third = await bench.waits();
      await refused(bench, third.id, "session_taken", { session: made.session });
    },
  ],
  [
    "accept with an aborted signal is aborted, and leaves the client waiting",
    async (bench) => {
      const { id } = await bench.waits();
      await refused(bench, id, "aborted", { signal: AbortSignal.abort() });
      const gone = new AbortController();
      const connection = await bench.within(
        bench.backend.accept(bench.ownSession(), id, { signal: gone.signal }),
        "accept",
      );
      gone.abort();
      await bench.quiet();
      check(!connection.closed, "what is accepted is no longer the signal's");
    },
  ],
  [
    "two that accept one client at once: one has it",
    async (bench) => {
      const { id } = await bench.waits();
      const sessions = [bench.ownSession(), bench.ownSession()];
      const both = Promise.allSettled(sessions.map((session) => bench.backend.accept(session, id)));
      const results = await bench.within(both, "accept");
      checkEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"], "what came of it");
    },
  ],
  [
    "a client whom nobody accepts is let go in the end",
    async (bench) => {
      const { client, id } = await bench.waits();
      await bench.harness.skip(bench.patienceMs + 1_000);
      await bench.until(() => client.closed, "the client to be let go");
      await refused(bench, id, "unknown_connection");
      checkEqual(bench.log, ["connected"], "what was told");
      await bench.checkNothingHeld("after that");
    },
  ],
  [
    "a client that leaves while it waits is forgotten",
    async (bench) => {
      const { client, id } = await bench.waits();
      await client.leave();
      await bench.checkNothingHeld("after it left");
      await refused(bench, id, "unknown_connection");
      checkEqual(bench.log, ["connected"], "what was told");
    },
  ],
  [
    "onClientConnected runs inside what authentication said of its client",
    async (bench) => {
      const { auth } = bench.harness;
      if (!auth) return;
      const seen: unknown[] = [];
      bench.backend.onClientConnected(async () => {
        seen.push(auth());
        await Promise.resolve();
        seen.push(auth());
      });
      await bench.waits({ user: "u1" });
      await bench.waits({ user: "u2" });
      await bench.until(() => seen.length === 4, "both to be told");
      checkEqual(seen, [{ user: "u1" }, { user: "u1" }, { user: "u2" }, { user: "u2" }], "authContext");
      checkEqual(auth(), undefined, "authContext outside");
    },
  ],
];
