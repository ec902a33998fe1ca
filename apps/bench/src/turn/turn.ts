import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { type AudioFrame, ChannelCategory, RoomKit, silentLogger, systemClock, type UtteranceId } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { FakeBackend, FakeConnection } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { type Bench, compare, numberOption } from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";
import { percentile } from "../measure/statistics.ts";
import { answerDirectly, instantAI, instantStt, instantTts } from "./providers.ts";

const RATE = 16_000;
const SPEECH_MS = 240;
const SILENCE_MS = 200;
/** A turn that is not answered within this has failed, ms. */
const PATIENCE_MS = 10_000;

/** Notes when the first audio of an answer is handed to the transport. */
class Ear extends FakeConnection {
  onFirstAudio: (() => void) | undefined;

  override play(utterance: UtteranceId, frame: AudioFrame): void {
    this.onFirstAudio?.();
    this.onFirstAudio = undefined;
    super.play(utterance, frame);
  }
}

/**
 * What the framework itself adds to a turn: `turn [--turns 20]`. A call on the real clock, in a room with hooks, store and history, with
 * providers that take no time; from the frame that makes the VAD certain of the end of speech to the first audio of the answer.
 */
export const turn: Bench = async (args) => {
  const turns = numberOption(args, "turns", 20, [1, 10_000]);
  const call = await startCall();
  const ours: number[] = [];
  const direct: number[] = [];
  try {
    // The first turn is that of code never run before.
    await call.turn();
    await directTurn();
    for (let i = 0; i < turns; i++) {
      ours.push(await call.turn());
      direct.push(await directTurn());
    }
  } finally {
    await call.end();
  }
  const figures = (times: readonly number[]) => ({
    "added to a turn p50, ms": percentile(times, 0.5),
    "added to a turn p99, ms": percentile(times, 0.99),
  });
  return {
    bench: "turn",
    reference: "the same three providers, each fed to the next directly",
    comparisons: [compare(`${turns} turns`, figures(ours), figures(direct))],
  };
};

/** The frames of one turn: a word, and silence until the VAD is certain. */
const frames = ((): readonly AudioFrame[] => {
  // 40 ms into the signal it is loud, and a quarter of a second later not yet quiet.
  const speech = speechLike(RATE, SPEECH_MS + 20).subarray(RATE / 50);
  const whole = new Int16Array((RATE * (SPEECH_MS + SILENCE_MS + 200)) / 1000);
  whole.set(speech);
  return Array.from({ length: whole.length / (RATE / 50) }, (_, i) => frameAt(whole, RATE, i));
})();

const vadOptions = { silenceThresholdMs: SILENCE_MS, minSpeechMs: 60 };

async function startCall(): Promise<{ turn(): Promise<number>; end(): Promise<void> }> {
  const kit = new RoomKit({ logger: silentLogger });
  const backend = new FakeBackend();
  const pipeline = audioPipeline({ vad: energyVad(vadOptions), logger: silentLogger });
  kit.registerChannel(new VoiceChannel("voice", { backend, stt: instantStt, tts: instantTts, pipeline }));
  kit.registerChannel(new AIChannel("ai", { provider: instantAI }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  const ear = new Ear({ clock: systemClock, inbound: { sampleRate: RATE, channels: 1 } });
  backend.bind(session, ear);
  await kit.join(room.id, "voice", { session });
  // Judges the same frames, to know beforehand which of them ends the speech.
  const shadow = energyVad(vadOptions).open({ sampleRate: RATE, channels: 1 });
  let timestamp = 0;

  return {
    async turn() {
      let endedAt: number | undefined;
      const answered = new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("a turn was not answered")), PATIENCE_MS);
        ear.onFirstAudio = () => {
          clearTimeout(timer);
          resolve(performance.now());
        };
      });
      const begun = performance.now();
      for (const [i, frame] of frames.entries()) {
        await untilTime(begun + i * 20);
        const stamped = { ...frame, timestamp };
        timestamp += 20;
        if (shadow.process(stamped)?.type === "speech-end") endedAt = performance.now();
        ear.hear(stamped);
        if (endedAt !== undefined) break;
      }
      const at = await answered;
      if (endedAt === undefined) throw new Error("the VAD heard no end of speech");
      // The answer is 40 ms long; the next turn is not to interrupt it.
      await untilTime(performance.now() + 120);
      return at - endedAt;
    },
    async end() {
      shadow.close();
      await kit.close();
    },
  };
}

async function directTurn(): Promise<number> {
  const vad = energyVad(vadOptions).open({ sampleRate: RATE, channels: 1 });
  const heard: AudioFrame[] = [];
  for (const frame of frames) {
    const before = performance.now();
    heard.push(frame);
    if (vad.process(frame)?.type !== "speech-end") continue;
    await answerDirectly(heard, new AbortController().signal);
    return performance.now() - before;
  }
  throw new Error("the VAD heard no end of speech");
}

async function untilTime(at: number): Promise<void> {
  const left = at - performance.now();
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
}
