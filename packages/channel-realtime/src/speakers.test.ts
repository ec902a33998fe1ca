import { eventText, RoomKit, sequentialIds, silence } from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  type FakePipelineStream,
  ScriptedRealtime,
  seededRandom,
  VirtualClock,
} from "@roomkit/testing";
import { afterEach, expect, it } from "vitest";
import { RealtimeVoiceChannel } from "./realtime-voice-channel.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function call() {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const transport = new FakeBackend(ids);
  const provider = new ScriptedRealtime({ clock });
  const pipeline = new FakePipeline(false);
  const channel = new RealtimeVoiceChannel("voice", { provider, transport, pipeline });
  kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  const session = await transport.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const connection = new FakeConnection({ clock });
  transport.bind(session, connection);
  await clock.advance(20);
  const stream = pipeline.streams[0] as FakePipelineStream;
  const vendor = provider.sessions[0];
  if (!vendor) throw new Error("no session");
  let position = 0;
  const microphone = async (ms: number): Promise<void> => {
    for (const until = position + ms; position < until; position += 20) {
      connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, position));
      await clock.advance(20);
    }
  };
  ends.push(async () => {
    const closing = kit.close();
    await clock.advance(20_000);
    await closing;
    expect([clock.pendingTimers, stream.listeners]).toEqual([0, 0]);
  });
  const said = async (): Promise<string[]> =>
    (await kit.timeline(room.id))
      .filter(({ source }) => source.role === "user")
      .map((event) => `${String(event.metadata?.speaker)}: ${eventText(event)}`);
  const words = (id: string, text: string): void =>
    vendor.say({ type: "transcript", role: "user", id, text, final: true });
  return { clock, kit, connection, stream, vendor, microphone, said, words };
}

it("the caller's words have the label of who spoke most between the beginning and the end that the vendor tells of", async () => {
  const c = await call();
  const changes: string[] = [];
  c.kit.hook("ON_SPEAKER_CHANGE", ({ speaker }) => void changes.push(speaker));
  const asked: unknown[] = [];
  c.kit.hook("ON_TRANSCRIPTION", ({ speaker }) => void asked.push(speaker));
  const judged = (speaker: string, timestamp: number, durationMs: number): void =>
    c.stream.speaker({ speaker, confidence: 1, timestamp, durationMs });
  await c.microphone(1_000);
  // Told 300 ms after it began.
  c.vendor.say({ type: "speech-start" });
  await c.microphone(1_500);
  judged("Anna", 700, 1_500);
  c.vendor.say({ type: "speech-end" });
  c.words("1", "hello");
  await c.clock.advance(100);
  await c.microphone(600);
  c.vendor.say({ type: "speech-start" });
  await c.microphone(1_500);
  judged("Anna", 2_200, 500);
  judged("Ben", 3_000, 900);
  c.vendor.say({ type: "speech-end" });
  c.words("2", "and hello");
  await c.clock.advance(100);
  // No vendor told of this speech.
  await c.microphone(1_000);
  judged("Cleo", 4_700, 500);
  c.words("3", "me, too");
  await c.clock.advance(100);
  c.connection.input({ type: "text", text: "typed" });
  await c.clock.advance(100);
  expect(await c.said()).toEqual(["Anna: hello", "Ben: and hello", "Cleo: me, too", "undefined: typed"]);
  expect(asked).toEqual(["Anna", "Ben", "Cleo", undefined]);
  expect(changes).toEqual(["Anna", "Ben", "Cleo"]);
  const shown = c.connection.messages("transcript").filter(({ final }) => final);
  expect(shown.map(({ speaker }) => speaker)).toEqual(["Anna", "Ben", "Cleo", undefined]);
});

it("words wait for a judgement that is under way, half a second at most, and not at the end of a call", async () => {
  const c = await call();
  c.stream.settling = () => new Promise(() => {});
  await c.microphone(1_000);
  c.vendor.say({ type: "speech-start" });
  await c.microphone(500);
  c.vendor.say({ type: "speech-end" });
  c.words("1", "hello");
  await c.clock.advance(480);
  expect(await c.said()).toEqual([]);
  await c.clock.advance(40);
  expect(await c.said()).toEqual(["undefined: hello"]);
  c.vendor.say({ type: "speech-start" });
  c.vendor.say({ type: "speech-end" });
  c.words("2", "bye");
});

/** Speech that is told of or not, judgements and words in any order, late: every word has a label of its own speech, or none. */
it.each(Array.from({ length: 30 }, (_, i) => i))("in any order, seed %d", async (seed) => {
  const c = await call();
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const whose = new Map<string, string>();
  for (let i = 0; i < 8; i++) {
    await c.microphone(700 + 20 * pick(30));
    const speaker = `speaker-${1 + pick(3)}`;
    const timestamp = c.stream.position;
    const told = random() < 0.8;
    await c.microphone(20 * pick(10));
    if (told) c.vendor.say({ type: "speech-start" });
    await c.microphone(600 + 20 * pick(50));
    const durationMs = c.stream.position - timestamp;
    const steps = [
      () => c.stream.speaker({ speaker, confidence: 1, timestamp, durationMs }),
      () => told && c.vendor.say({ type: "speech-end" }),
      () => c.words(`${i}`, `words${i}`),
    ];
    for (let left = steps.length; left > 0; left--) {
      steps.splice(pick(left), 1)[0]?.();
      await c.microphone(20 * pick(5));
    }
    whose.set(`words${i}`, speaker);
  }
  await c.clock.advance(10_000);
  const log = await c.said();
  expect(log.map((line) => line.replace(/.*: /, ""))).toEqual([...whose.keys()]);
  for (const line of log) {
    const [label = "", text = ""] = line.split(": ");
    expect(["undefined", whose.get(text)]).toContain(label);
  }
  expect(log.filter((line) => !line.startsWith("undefined")).length).toBeGreaterThan(0);
});
