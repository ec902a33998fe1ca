import { AIChannel } from "@roomkit/channel-ai";
import { RoomKit, sequentialIds, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { CallerLab, FakeBackend, heardWords, heldMb, ScriptedAI, seededRandom, VirtualClock } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { expect, it } from "vitest";
import { answered } from "./lab-call.fixture.ts";
import { VoiceChannel } from "./voice-channel.ts";

const BATCHES = 20;
const AT_ONCE = 50;

/** Callers of one kit at once, who end in every way: they hang up, vanish, are sent away, or the channel closes under them. */
async function batch(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, ids: sequentialIds(), logger: silentLogger });
  const backend = new FakeBackend(sequentialIds());
  const first = new CallerLab({ clock, backend });
  const pipeline = audioPipeline({ vad: energyVad(), logger: silentLogger });
  const [stt, tts] = [first.recogniser(), first.voice()];
  const model = new ScriptedAI(clock, Array(200).fill("Berlin is the capital of Germany, and has been for years."), 40);
  const voice = new VoiceChannel("voice", { backend, pipeline, stt, tts });
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: model }));
  const labs: CallerLab[] = [];
  for (let i = 0; i < AT_ONCE; i++) {
    const lab = i === 0 ? first : new CallerLab({ clock, backend, seed: seed * 100 + i, lostAfterMs: 800 });
    labs.push(lab);
    const { session } = await answered(kit, lab);
    const { caller } = lab;
    caller.writes("The capital of Germany?").pauses(200 + Math.floor(random() * 400));
    if (random() < 0.4) caller.until(heardWords(1), 20_000).pauses(100).says("Stop.");
    const end = random();
    if (end < 0.4) caller.hangsUp();
    else if (end < 0.7) caller.vanishes().pauses(900);
    else if (end < 0.85) {
      const sendAway = (): boolean => {
        void backend.disconnect(session);
        return true;
      };
      lab
        .beside("server")
        .at(700 + Math.floor(random() * 500))
        .until(sendAway);
    }
  }
  await clock.advance(1_600);
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  for (const lab of labs) await lab.close();
  expect(labs.map(({ line }) => line.listeners).filter((count) => count > 0)).toEqual([]);
  expect(voice.sessions).toEqual([]);
  expect([clock.pendingTimers, backend.bound, backend.sessions.size, stt.open, tts.open, model.open]).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
}

it("1,000 calls leave no timer, session, listener or memory behind", { timeout: 300_000 }, async () => {
  // What the engine makes of the code while it is new grows for some hundred calls.
  for (let seed = 1; seed <= BATCHES / 2; seed++) await batch(seed);
  const before = await heldMb();
  for (let seed = BATCHES / 2 + 1; seed <= BATCHES; seed++) await batch(seed);
  // 500 calls: 1 kB each would be seen.
  expect((await heldMb()) - before).toBeLessThan(0.5);
});
