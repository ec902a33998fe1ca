import { AIChannel } from "@roomkit/channel-ai";
import {
  type AudioPipeline,
  ChannelCategory,
  eventText,
  RoomKit,
  type SttProvider,
  sequentialIds,
  silentLogger,
} from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import {
  type AIScript,
  CallerLab,
  type CallerLabOptions,
  type LabMatchers,
  type LabVoiceOptions,
  labMatchers,
  ScriptedAI,
} from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { expect } from "vitest";
import type { VoiceChannelOptions } from "./options.ts";
import { VoiceChannel } from "./voice-channel.ts";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: as vitest declares it.
  interface Matchers<T = any> extends LabMatchers<T> {}
}
expect.extend(labMatchers);

export interface LabCallOptions {
  readonly lab?: CallerLabOptions | undefined;
  readonly voice?: Partial<Omit<VoiceChannelOptions, "backend" | "stt" | "tts" | "pipeline">> | undefined;
  readonly tts?: LabVoiceOptions | undefined;
  /** Time of the recogniser after the end of the audio, ms. */
  readonly finalMs?: number | undefined;
  readonly stt?: ((lab: CallerLab) => SttProvider) | undefined;
  readonly pipeline?: AudioPipeline | undefined;
  readonly answer?: AIScript | undefined;
}

/** Long enough to be interrupted. */
export const LONG_ANSWER =
  "Berlin is the capital of Germany, and has been since the country became one again. Before that the government sat in Bonn, which is a town on the river Rhine. Many people who worked there moved to Berlin over the years, and some of them never did.";

/** A whole call by script: real room, real AI channel, real voice channel, real audio path with the energy VAD. */
export async function labCall(options: LabCallOptions = {}) {
  const lab = new CallerLab(options.lab);
  const { clock, backend } = lab;
  const kit = new RoomKit({ clock, ids: sequentialIds(), logger: silentLogger });
  const stt = options.stt?.(lab) ?? lab.recogniser({ finalMs: options.finalMs });
  const tts = lab.voice(options.tts);
  const pipeline = options.pipeline ?? audioPipeline({ vad: energyVad(), logger: silentLogger });
  const voice = new VoiceChannel("voice", { backend, stt, tts, pipeline, ...options.voice });
  const model = new ScriptedAI(clock, Array(200).fill(options.answer ?? LONG_ANSWER));
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: model }));
  const { room, session } = await answered(kit, lab);
  /** What the room remembers, oldest first. */
  const log = async () =>
    (await kit.timeline(room.id)).flatMap((event) =>
      event.content.type === "text" ? [{ role: event.source.role, text: eventText(event), heard: event.heard }] : [],
    );
  /** The caller hangs up, and everything is closed. */
  const end = async (): Promise<void> => {
    await lab.close();
    await clock.advance(12_000);
    const closing = kit.close();
    await clock.advance(20_000);
    await closing;
  };
  return { lab, kit, voice, model, stt, tts, room, session, log, end };
}

/** A room with the channels `voice` and `ai`, in which a lab's caller is answered. */
export async function answered(kit: RoomKit, lab: CallerLab) {
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await lab.backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  lab.pickUp(session);
  return { room, session };
}
