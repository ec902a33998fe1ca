import type { PlaybackProgress, VoiceConnection } from "@roomkit/core";
import { afterEach, describe, expect, it } from "vitest";
import type { TestClient } from "../client.fixture.ts";
import { acceptAll, places, type Started, start } from "../harness.fixture.ts";
import { frameOf, sine, until } from "../testing.fixture.ts";

let running: Started | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

interface Call {
  readonly client: TestClient;
  readonly connection: VoiceConnection;
  readonly progress: PlaybackProgress[];
  /** Says that `ms` of the packet that came last but `back` were played. */
  hear(ms: number, back?: number, how?: Readonly<Record<string, unknown>>): void;
}

async function call(options: Parameters<typeof start>[0], codecs: readonly ("opus" | "pcmu")[]): Promise<Call> {
  const started = await start(options);
  running = started;
  const app = acceptAll(started.transport);
  const client = await started.client({ protocol: 1, codecs }).connect();
  await until(() => app.connections.length === 1, "the connection");
  const connection = app.connections[0] as VoiceConnection;
  const progress: PlaybackProgress[] = [];
  connection.onPlayback((each) => progress.push(each));
  return {
    client,
    connection,
    progress,
    hear(ms, back = 0, how = {}) {
      const { ssrc, timestamp } = client.packets.at(-1 - back)?.header ?? { ssrc: 0, timestamp: 0 };
      client.send({ event: "playout", ssrc, rtpTimestamp: timestamp, playedMs: ms, ...how });
    },
  };
}

describe.each(places)("what a client says of its track, on %s", (_, workers) => {
  it.each([
    ["Opus", "opus", 24_000],
    ["PCMU", "pcmu", 8_000],
  ] as const)("is what was heard, of %s, exactly after an interruption", async (_codec, outboundAudio, rate) => {
    const { client, connection, progress, hear } = await call({ ...workers, outboundAudio }, ["opus", "pcmu"]);
    connection.play("a", frameOf(sine(rate, 440, 5_000), rate));
    await until(() => client.packets.length >= 20, "audio");
    expect(connection.playback).toBe("estimated");
    // By the packets before it. A server that was held up sends some silence in between.
    const playedMs = (): number => 20 * (client.packets.length - 1);
    const near = (played: number | undefined, ms: number): void => {
      expect(played).toBeLessThanOrEqual(ms + 1e-6);
      expect(played).toBeGreaterThan(ms - 105);
    };
    const first = playedMs();
    hear(5);
    await until(() => connection.playback === "reported", "the report");
    near(progress.findLast((each) => each.confidence === "reported")?.playedMs, first + 5);
    const [heard] = connection.clear().utterances;
    expect(heard).toMatchObject({ utterance: "a", confidence: "reported", done: false });
    await until(() => client.messages.some((m) => m.type === "clear"), "the clear");
    const last = playedMs();
    hear(-50, 0, { cleared: 1 });
    await until(() => progress.some(({ done }) => done), "the exact count");
    expect(progress.at(-1)?.confidence).toBe("reported");
    near(progress.at(-1)?.playedMs, Math.max(first + 5, last - 50));
  });

  it("is not believed when it cannot be true, until it was true for a while", async () => {
    const { client, connection, hear } = await call(workers, ["opus"]);
    hear(0);
    connection.play("a", frameOf(sine(24_000, 440, 10_000), 24_000));
    await until(() => client.packets.length >= 20, "audio");
    let came = client.packets.length;
    const next = async (): Promise<void> => {
      await until(() => client.packets.length > came, "more audio");
      came = client.packets.length;
    };
    // What was before the first audio is made up for.
    for (let i = 0; i < 6; i++) {
      await next();
      hear(0);
    }
    await until(() => connection.playback === "reported", "a report that is believed");
    for (const lie of [{ ssrc: 1 }, { playedMs: 900 }, { playedMs: -900 }, { rtpTimestamp: 5 }]) {
      hear(0, 0, lie);
      await until(() => connection.playback === "estimated", `doubt after ${JSON.stringify(lie)}`);
      for (let i = 0; i < 5; i++) {
        expect(connection.playback).toBe("estimated");
        await next();
        hear(0);
      }
      await until(() => connection.playback === "reported", "a report that is believed");
    }
    for (const nonsense of [{ playedMs: "x" }, { ssrc: -1 }, { cleared: {} }]) hear(0, 0, nonsense);
    await until(() => client.messages.filter((m) => m.code === "bad_message").length === 3, "the refusals");
    expect(connection.playback).toBe("reported");
  });
});
