import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, RoomKit, type SttProvider, silentLogger, type Vad, type VadFactory } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { CallerLab, type LabScript, ScriptedAI } from "@roomkit/testing";

const ANSWER =
  "Berlin is the capital of Germany, and has been since the country became one again. Before that the government sat in Bonn, which is a town by a river.";
const LAST_WORD = "river.";
/** After a sound it is waited so long for what becomes of it: more than a VAD, a recogniser and the patience with both take, ms. */
const SETTLED_MS = 2_000;
const LONGEST_MS = 30_000;

export interface CallOptions {
  readonly seed: number;
  readonly strategy: "confirmed" | "semantic";
  readonly minSpeechMs: number;
  readonly vad: VadFactory;
  readonly stt: (lab: CallerLab) => SttProvider;
  /** Whoever computes in real time has nothing to do. */
  readonly idle: () => Promise<void>;
  /** What happens over the answer. */
  readonly does: (caller: LabScript) => void;
}

/** What became of the answer. */
export interface Outcome {
  /** From the sound's first to silence at the ear, ms; undefined where there was none within the answer. */
  readonly silentAfterMs: number | undefined;
  /** How long it was silent before the answer went on, ms; undefined where it did not, or never stopped. */
  readonly silenceMs: number | undefined;
  /** The answer went on, or was heard to its end. */
  readonly finished: boolean;
  /** What was taken for the caller's turn. */
  readonly turns: readonly string[];
}

/** One call in virtual time: somebody asks in writing, is answered for ten seconds, and makes a sound over it. */
export async function callOver(options: CallOptions): Promise<Outcome> {
  const lab = new CallerLab({ seed: options.seed });
  const { clock, backend } = lab;
  const kit = new RoomKit({ clock, logger: silentLogger });
  const { factory, idle } = watched(options.vad);
  const voice = new VoiceChannel("voice", {
    backend,
    pipeline: audioPipeline({ vad: factory, logger: silentLogger }),
    stt: options.stt(lab),
    tts: lab.voice(),
    language: "en",
    interruption: { strategy: options.strategy, minSpeechMs: options.minSpeechMs },
  });
  kit.registerChannel(voice);
  kit.registerChannel(
    new AIChannel("ai", { provider: new ScriptedAI(clock, [ANSWER, ...Array(8).fill("Very well.")]) }),
  );
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  lab.pickUp(session);
  lab.caller.writes("Where is the government?").until((view) => view.ear.playing);
  options.does(lab.caller.pauses(600 + ((options.seed * 617) % 1_500)));
  while (lab.now < LONGEST_MS && !isDecided(lab)) {
    await lab.wait(20);
    for (const busy of [idle, options.idle]) await busy();
  }
  const outcome = outcomeOf(lab);
  await lab.close();
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  return outcome;
}

/** Whether nothing more will become of it: the sound was taken for a turn, or it is so long ago that the answer goes on. */
function isDecided({ said, client, ear, now }: CallerLab): boolean {
  const sound = said.at(-1);
  if (client.turns.length > 1) return true;
  return sound !== undefined && now - sound.toMs >= SETTLED_MS && (ear.playing || isHeard(ear) || now >= LONGEST_MS);
}

const isHeard = (ear: CallerLab["ear"]): boolean => ear.words.some(({ text }) => text === LAST_WORD);

function outcomeOf({ ear, said, client }: CallerLab): Outcome {
  const from = said[0]?.fromMs ?? 0;
  const cut = ear.spans.findIndex(({ toMs, cleared }) => cleared && (toMs ?? 0) >= from);
  const finished = client.turns.length === 1 && (ear.playing || isHeard(ear));
  const span = ear.spans[cut];
  const next = ear.spans[cut + 1];
  const silentAfterMs = span?.toMs === undefined ? undefined : span.toMs - from;
  const silenceMs = finished && span?.toMs !== undefined && next ? next.fromMs - span.toMs : undefined;
  return { silentAfterMs, silenceMs, finished, turns: client.turns.slice(1).map(({ text }) => text) };
}

/** Tells when the detectors that a factory opens have judged all they were given. */
function watched(vad: VadFactory): { factory: VadFactory; idle: () => Promise<void> } {
  const open: (Vad & { idle?(): Promise<void> })[] = [];
  const factory: VadFactory = {
    ...vad,
    open: (...given) => {
      const opened = vad.open(...given);
      open.push(opened);
      return opened;
    },
  };
  return { factory, idle: async () => void (await Promise.all(open.map((each) => each.idle?.()))) };
}
