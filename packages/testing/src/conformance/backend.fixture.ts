import { VirtualClock } from "../clock.ts";
import { FakeBackend } from "../fakes/backend.ts";
import { FakeConnection } from "../fakes/connection.ts";
import type { BackendHarness } from "./backend-bench.ts";

/** The fake backend with clients. `Backend`: the class, or one derived from it that does something wrong. */
export function fakeHarness(Backend: typeof FakeBackend = FakeBackend): BackendHarness {
  const clock = new VirtualClock();
  const backend = new Backend(undefined, false, { clock });
  const connections: FakeConnection[] = [];
  return {
    backend,
    async client({ session, metadata }) {
      const connection = new FakeConnection({
        clock,
        id: `client_${connections.length}`,
        metadata,
      });
      connections.push(connection);
      if (session) void session().then((made) => backend.bind(made, connection));
      else backend.client(connection);
      let said = 0;
      return {
        speak(frames) {
          for (let i = 0; i < frames; i++)
            connection.hear({ samples: new Int16Array(320), sampleRate: 16_000, channels: 1, timestamp: 20 * said++ });
        },
        get heardMs() {
          return [...connection.played.values()].reduce((sum, ms) => sum + ms, 0);
        },
        told: connection.raw,
        get closed() {
          return connection.closed;
        },
        leave: () => connection.close({ code: "client_closed", message: "" }),
        vanish: () => connection.close({ code: "client_lost", message: "" }),
      };
    },
    pass: () => clock.advance(5),
    skip: (ms) => clock.advance(ms),
    held: () => ({
      sessions: backend.sessions.size,
      bound: backend.bound,
      waiting: backend.waiting,
      timers: clock.pendingTimers,
      listeners: connections.filter(({ closed }) => closed).reduce((sum, { listeners }) => sum + listeners, 0),
    }),
    close: () => {},
  };
}
