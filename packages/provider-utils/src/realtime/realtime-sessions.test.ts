import { type RealtimeEvent, silentLogger } from "@roomkit/core";
import { settle } from "@roomkit/testing";
import { expect, it } from "vitest";
import { RealtimeSessions } from "./realtime-sessions.ts";
import type { RealtimeRunnerOptions } from "./runner-options.ts";

/** A vendor whose every step takes one promise. */
function vendor() {
  const sockets = { open: 0 };
  const parts = {
    async open() {
      let end = (): void => {};
      const closed = new Promise<void>((resolve) => {
        end = resolve;
      });
      sockets.open++;
      let open = true;
      return {
        closed,
        close() {
          if (open) sockets.open--;
          open = false;
          end();
          return closed;
        },
        [Symbol.asyncIterator]: () => ({ next: () => closed.then(() => ({ value: undefined, done: true })) }),
      };
    },
    createProtocol: ({ ready }: { ready(kept: boolean): void }) => ({ begin: () => ready(false), lost() {} }),
  };
  return { sockets, parts: parts as unknown as Pick<RealtimeRunnerOptions, "createProtocol" | "open"> };
}

it("a session that is closed with its provider while it connects is over, whichever step it is at", async () => {
  const outcomes = new Set<string>();
  for (let promises = 0; promises < 40; promises++) {
    const { sockets, parts } = vendor();
    const sessions = new RealtimeSessions({ logger: silentLogger }, { provider: "vendor", maxConnectionMs: Infinity });
    const events: RealtimeEvent[] = [];
    const outcome = sessions.start(parts, { signal: new AbortController().signal }).then(
      (session) => void session.onEvent((event) => events.push(event)),
      ({ code }) => code,
    );
    for (let i = 0; i < promises; i++) await undefined;
    await Promise.all([sessions.close(), sessions.close()]);
    outcomes.add((await outcome) ?? "connected");
    await settle();
    expect([promises, sockets.open, sessions.size]).toEqual([promises, 0, 0]);
    if ((await outcome) === undefined) expect(events.map(({ type }) => type)).toEqual(["closed"]);
    await expect(sessions.start(parts, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: "closed",
    });
  }
  expect([...outcomes].sort()).toEqual(["closed", "connected"]);
});
