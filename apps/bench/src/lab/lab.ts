import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, RoomKit, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { CallerLab, type CallerLabOptions, inFrames, ScriptedAI, settle, whiteNoise } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { cpuMeter } from "../measure/cpu.ts";
import { type Bench, compare, numberOption } from "../measure/report.ts";

const EVERY_MS = 23_000;
const ANSWER =
  "There is a lot to be said of that. The oldest part of the house was built for a merchant who had sailed around the world, and who brought home maps, shells and a great many letters.";

const calls: readonly (readonly [label: string, options: CallerLabOptions])[] = [
  ["headphones", {}],
  ["8 kHz, a bad network", { sampleRate: 8_000, network: { delayMs: 60, jitterMs: 40 } }],
  ["echo at -60 dB, babble", { echo: { levelDb: -60 }, noise: { kind: "babble", snrDb: 40 } }],
];

/**
 * How fast a caller by script is: `lab [--minutes 10]`. Whole calls in virtual time with providers that compute nothing: the caller asks every
 * 23 s, the assistant answers for 10 s.
 */
export const lab: Bench = async (args) => {
  const minutes = numberOption(args, "minutes", 10, [0.1, 120]);
  const reference = await audioPathAlone(minutes);
  const comparisons = [];
  for (const [label, options] of calls) {
    const cpuMs = await call(options, minutes);
    const times = `${minutes} min of call in ${(cpuMs / 1000).toFixed(1)} s of one core: ${Math.round((minutes * 60_000) / cpuMs)} times real time`;
    comparisons.push(compare(label, figures(cpuMs, minutes), figures(reference, minutes), times));
  }
  return { bench: "lab", reference: "the audio path alone, given as many frames at 16 kHz", comparisons };
};

const figures = (cpuMs: number, minutes: number) => ({
  "CPU per minute of call, ms": cpuMs / minutes,
  "CPU per frame of 20 ms, µs": (cpuMs * 1000) / (minutes * 3_000),
});

/** Processor time of one call, ms. */
async function call(options: CallerLabOptions, minutes: number): Promise<number> {
  const meter = cpuMeter();
  const caller = new CallerLab(options);
  const { clock, backend } = caller;
  const kit = new RoomKit({ clock, logger: silentLogger });
  const pipeline = audioPipeline({ vad: energyVad(), logger: silentLogger });
  const providers = { stt: caller.recogniser(), tts: caller.voice() };
  kit.registerChannel(new VoiceChannel("voice", { backend, pipeline, ...providers }));
  kit.registerChannel(new AIChannel("ai", { provider: new ScriptedAI(clock, Array(1_000).fill(ANSWER)) }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  caller.pickUp(session);
  for (let at = 500; at < minutes * 60_000; at += EVERY_MS)
    caller.caller.at(at).says("And what can you tell me of it?");
  caller.caller.at(minutes * 60_000);
  await caller.run(minutes * 60_000 + 10_000);
  const cpuMs = meter.cpuMs();
  if (caller.client.turns.length < Math.floor((minutes * 60_000) / EVERY_MS))
    throw new Error("the caller was not heard");
  await caller.close();
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  return cpuMs;
}

async function audioPathAlone(minutes: number): Promise<number> {
  const format = { sampleRate: 16_000, channels: 1 } as const;
  const meter = cpuMeter();
  const stream = audioPipeline({ vad: energyVad(), logger: silentLogger }).open({
    inbound: format,
    outbound: format,
    sessionId: "s",
  });
  const frames = inFrames(whiteNoise(16_000, 1_000, 300), format);
  for (let i = 0; i < minutes * 3_000; i++) {
    const frame = frames[i % frames.length];
    if (frame) stream.processInbound({ ...frame, timestamp: i * 20 });
    await settle(1);
  }
  stream.close();
  return meter.cpuMs();
}
