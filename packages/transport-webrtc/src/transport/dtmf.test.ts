import type { DtmfPress, VoiceConnection } from "@roomkit/core";
import { silentLogger } from "@roomkit/core";
import { nodeDataChannel } from "@roomkit/webrtc-engine-node-datachannel";
import { afterEach, describe, expect, it } from "vitest";
import type { RtpPacket } from "werift";
import { EVENT_TYPES, type TestClient } from "../client.fixture.ts";
import { acceptAll, type Started, start } from "../harness.fixture.ts";
import type { WebRTCTransportOptions } from "../index.ts";
import { readEvents, type SeenEvent } from "../media/events.fixture.ts";
import { timestampDelta } from "../media/rtp.ts";
import { frameOf, sine, until } from "../testing.fixture.ts";

const running: Started[] = [];
afterEach(async () => {
  for (const started of running.splice(0)) await started.stop();
});

const engines: readonly [string, () => Partial<WebRTCTransportOptions>][] = [
  ["werift", () => ({})],
  ["werift on a worker", () => ({ workers: { count: 1 } })],
  ["node-datachannel", () => ({ engine: nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger }) })],
];

/** A call of a client that offers these codecs. */
async function call(
  options: Partial<WebRTCTransportOptions>,
  codecs: NonNullable<Parameters<Started["client"]>[0]>["codecs"],
) {
  const started = await start(options);
  running.push(started);
  const app = acceptAll(started.transport);
  const client = await started.client({ codecs }).connect();
  await until(() => app.connections.length === 1, "the client");
  return { ...started, app, caller: client, connection: app.connections[0] as VoiceConnection };
}

function press(connection: VoiceConnection, utterance: string, digits: string): void {
  for (const digit of digits)
    connection.playDtmf?.(utterance, { digit: digit as DtmfPress["digit"], toneMs: 100, pauseMs: 60 });
  connection.endUtterance(utterance);
}

function say(connection: VoiceConnection, utterance: string, ms: number): void {
  connection.play(utterance, frameOf(sine(24_000, 440, ms), 24_000));
  connection.endUtterance(utterance);
}

/** What came of the track, as independent code reads it. */
function track(client: TestClient, events: "events48" | "events8") {
  const packets = client.packets.map(({ header, payload }: RtpPacket) => ({
    ...header,
    marker: header.marker,
    payload,
    sequence: header.sequenceNumber,
    payloadType: header.payloadType,
    timestamp: header.timestamp,
  }));
  packets.sort((a, b) => ((a.sequence - b.sequence) << 16) >> 16);
  return {
    packets,
    audio: packets.filter(({ payloadType }) => payloadType !== EVENT_TYPES[events]),
    events: readEvents(packets, EVENT_TYPES[events], events === "events48" ? 48_000 : 8_000),
  };
}

const played = (connection: VoiceConnection, utterance: string): Promise<number> =>
  new Promise((resolve) => {
    connection.onPlayback((progress) => {
      if (progress.utterance === utterance && progress.done) resolve(progress.playedMs);
    });
  });

describe.each(engines)("touch tones as events, by %s", (_, options) => {
  it("reach a client that offered them, between its audio", async () => {
    const { caller: client, connection } = await call(options(), ["opus", "events48"]);
    expect(client.answer?.sdp).toMatch(/^a=rtpmap:110 telephone-event\/48000/m);
    expect(connection.dtmfEvents).toBe("0123456789*#ABCD");
    say(connection, "a", 100);
    const done = played(connection, "b");
    press(connection, "b", "1#D");
    const last = played(connection, "c");
    say(connection, "c", 100);
    expect(await done).toBe(480);
    await last;
    await until(() => track(client, "events48").audio.length >= 5 + 3 * 3 + 5, "the audio after them");
    const { packets, audio, events } = track(client, "events48");
    expect(packets.map(({ sequence }) => sequence)).toEqual(
      packets.map((_, i) => ((packets[0]?.sequence ?? 0) + i) & 0xffff),
    );
    expect(new Set(packets.map(({ ssrc }) => ssrc)).size).toBe(1);
    expect(events.map(({ digit }) => digit).join("")).toBe("1#D");
    for (const event of events) {
      expect(event).toMatchObject({ markers: 1, markedFirst: true, grows: true, ends: 3 });
      // Longer where this machine stood still meanwhile, and shorter where it did so for 200 ms: the key is let go then.
      expect(event.duration).toBeGreaterThanOrEqual(960);
      const beneath = audio.filter(({ timestamp }) => {
        const at = timestampDelta(timestamp, event.timestamp);
        return at > -960 && at < event.duration;
      });
      expect(beneath).toEqual([]);
    }
    expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(3);
    expect(Math.max(...events.map(({ duration }) => duration))).toBeGreaterThanOrEqual(4_800);
  });

  it("end when they are cut off, and none comes after", async () => {
    const { caller: client, connection } = await call(options(), ["opus", "events48"]);
    press(connection, "a", "1234567890");
    await until(() => track(client, "events48").events.length >= 2, "the second key");
    const { utterances } = connection.clear();
    expect(utterances).toMatchObject([{ utterance: "a", done: true }]);
    say(connection, "b", 100);
    await played(connection, "b");
    const over = ({ ends }: SeenEvent): boolean => ends === 3;
    await until(() => track(client, "events48").events.every(over), "the end of the last key");
    const { events } = track(client, "events48");
    expect("1234567890".startsWith(events.map(({ digit }) => digit).join(""))).toBe(true);
    expect(events.length).toBeLessThan(5);
  });
});

it("are counted at the clock a client offered, and told to none that offered nothing", async () => {
  const slow = await call({}, ["opus", "events8"]);
  press(slow.connection, "a", "5");
  await until(() => track(slow.caller, "events8").events[0]?.ends === 3, "the key");
  const [event] = track(slow.caller, "events8").events;
  expect(event).toMatchObject({ digit: "5", markers: 1, grows: true });
  expect(event?.duration).toBeGreaterThanOrEqual(800);
  expect(event?.duration).toBeLessThan(4_800);

  const none = await call({}, ["opus"]);
  expect(none.connection.dtmfEvents).toBe("");
  press(none.connection, "a", "5");
  say(none.connection, "b", 60);
  await until(() => none.caller.packets.length >= 3, "the audio");
  expect(none.caller.packets.every(({ header }) => header.payloadType === 111)).toBe(true);
  const spoken = await call({ outboundAudio: "datachannel" }, ["opus", "events48"]);
  expect(spoken.connection.dtmfEvents).toBe("");
});

it("stay agreed on when another offer of the same client leaves them out", async () => {
  const { caller, connection, client } = await call({}, ["opus", "events48"]);
  // There is no renegotiation: what another call agrees on is that call's.
  const again = await client({ id: caller.id, codecs: ["opus"] }).connect();
  expect(again.answer?.meta?.error).toBe("connection_already_exists");
  press(connection, "a", "7");
  await until(() => track(caller, "events48").events[0]?.ends === 3, "the key");
});

it("are over with their call", async () => {
  const { caller: client, connection, transport } = await call({}, ["opus", "events48"]);
  const done = played(connection, "a");
  press(connection, "a", "1234567890");
  await until(() => track(client, "events48").events.length >= 1, "the first key");
  await client.close();
  // What was played of them is told, and nothing is left.
  expect(await done).toBeLessThan(1_600);
  await until(() => transport.size === 0, "the end");
  press(connection, "b", "1");
  expect(connection.queuedMs).toBe(0);
});
