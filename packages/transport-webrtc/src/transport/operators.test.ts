import { OperatorChannel, operatorSessions } from "@roomkit/channel-operator";
import { VoiceChannel } from "@roomkit/channel-voice";
import { opus } from "@roomkit/codec-opus";
import { RoomKit, silentLogger, systemClock } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { FakeBackend, FakeConnection, ScriptedStt, ScriptedTts } from "@roomkit/testing";
import { afterEach, expect, it } from "vitest";
import { start } from "../harness.fixture.ts";
import type { SessionFactory } from "../index.ts";
import { amplitudeAt, join, sine, until } from "../testing.fixture.ts";

const FORMAT = { sampleRate: 16_000, channels: 1 } as const;
const OPUS_RATE = 48_000;
const LEVEL = 8_000;
const [CALLER_HZ, OPERATOR_HZ] = [450, 1_250];
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Does something every 20 ms; a machine that is busy does it late, and as often. */
function every20(work: (n: number) => void): void {
  const began = performance.now();
  let n = 0;
  const timer = setInterval(() => {
    while (n * 20 < performance.now() - began) work(n++);
  }, 20);
  stops.push(() => clearInterval(timer));
}

it("an operator comes in by WebRTC: hears the caller, takes over, and is heard", { timeout: 60_000 }, async () => {
  const kit = new RoomKit({ logger: silentLogger });
  const backend = new FakeBackend();
  let factory: SessionFactory | undefined;
  const desk = await start(
    {},
    { allowAnonymous: true, sessionFactory: (label, context) => (factory as SessionFactory)(label, context) },
  );
  stops.push(desk.stop, () => kit.close());
  const voice = new VoiceChannel("voice", {
    ...{ backend, stt: new ScriptedStt(systemClock, []), tts: new ScriptedTts(systemClock) },
    pipeline: audioPipeline({ logger: silentLogger }),
    turnDetection: "manual",
  });
  const operators = new OperatorChannel("operator", { backend: desk.transport, calls: voice });
  for (const channel of [voice, operators]) kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  factory = operatorSessions(kit, { channel: "operator", room: () => room.id });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const caller = new FakeConnection({ clock: systemClock, inbound: FORMAT, outbound: FORMAT });
  backend.bind(session, caller);
  const callerHeard: Int16Array[] = [];
  caller.onPlayed(({ samples }) => callerHeard.push(samples));
  const voiceOf = sine(FORMAT.sampleRate, CALLER_HZ, 1_000, LEVEL);
  every20((n) => {
    const at = (n % 50) * 320;
    caller.hear({ ...FORMAT, samples: voiceOf.slice(at, at + 320), timestamp: n * 20 });
  });

  const client = await desk.client().connect();
  const encoder = await opus().createEncoder({ sampleRate: OPUS_RATE });
  const decoder = await opus().createDecoder({ sampleRate: OPUS_RATE });
  stops.push(
    () => encoder.close(),
    () => decoder.close(),
  );
  await until(() => operators.sessions.length === 1, "the operator");
  const hum = sine(OPUS_RATE, OPERATOR_HZ, 1_000, LEVEL);
  every20((n) => {
    const at = (n % 50) * 960;
    client.sendRtp(encoder.encode(hum.subarray(at, at + 960)) as Uint8Array);
  });
  /** How loud both are in pieces of 100 ms, the middle one of all. */
  const shares = (samples: Int16Array, rate: number) =>
    [CALLER_HZ, OPERATOR_HZ].map((hz) => {
      const pieces: number[] = [];
      for (let at = 0; at + rate / 10 <= samples.length; at += rate / 10)
        pieces.push(amplitudeAt(samples.subarray(at, at + rate / 10), rate, hz) / LEVEL);
      return pieces.sort((a, b) => a - b)[pieces.length >> 1];
    });
  const operatorHears = async () => {
    const from = client.packets.length;
    await until(() => client.packets.length > from + 75, "a second and a half");
    const packets = client.packets.slice(from + 25).map(({ payload }) => decoder.decode(payload));
    return shares(join(packets), OPUS_RATE);
  };
  const [one, none] = [expect.closeTo(1, 0), expect.closeTo(0, 1)];

  expect(await operatorHears()).toEqual([one, none]);
  expect(callerHeard).toEqual([]);
  operators.setMode(operators.sessions[0]?.id ?? "", "talk");
  await until(() => callerHeard.length > 75, "a second and a half for the caller");
  expect(shares(join(callerHeard.slice(25)), FORMAT.sampleRate)).toEqual([none, one]);
  expect(await operatorHears()).toEqual([one, none]);
  await caller.close();
  await until(() => operators.sessions.length === 0, "the end for the operator");
});
