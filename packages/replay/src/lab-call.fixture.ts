import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, RoomKit, sequentialIds, silentLogger, type TurnDetector } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { CallerLab, type CallerLabOptions, ScriptedAI } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { recordCall } from "./record.ts";
import { recordVoice } from "./record-voice.ts";
import type { ReplayOptions } from "./replay.ts";

export const ANSWER =
  "Berlin is the capital of Germany, and has been since the country became one again. Before that the government sat in Bonn.";

/** A call of the lab, by script, and the file it gave. */
export async function recordedLabCall(
  script: (lab: CallerLab, voice: VoiceChannel, sessionId: string) => void,
  {
    options = {},
    transcripts = true,
    audio = false,
    turnDetector,
    lab: labOptions = {},
    maxChars,
  }: {
    options?: ReplayOptions;
    transcripts?: boolean;
    audio?: boolean;
    turnDetector?: (lab: CallerLab) => TurnDetector;
    lab?: CallerLabOptions;
    maxChars?: number;
  } = {},
): Promise<{ readonly file: string; readonly lab: CallerLab }> {
  const lab = new CallerLab(labOptions);
  const { clock } = lab;
  const files: string[] = [];
  const { greeting, interruption, turnDetection, minEndpointMs, preemptive, idle } = options;
  const parts = recordCall(
    {
      backend: lab.backend,
      pipeline: audioPipeline({ vad: energyVad(), logger: silentLogger }),
      stt: lab.recogniser(),
      tts: lab.voice(),
      ai: new ScriptedAI(clock, Array(50).fill(ANSWER), 30),
      ...(turnDetector && { turnDetector: turnDetector(lab) }),
    },
    {
      clock,
      ...{ transcripts, audio },
      settings: { greeting, interruption, turnDetection, minEndpointMs, preemptive, idle },
      maxChars,
      onCall: (file) => files.push(file),
    },
  );
  const kit = new RoomKit({ clock, ids: sequentialIds(), logger: silentLogger });
  const { ai, ...others } = parts;
  const voice = recordVoice(new VoiceChannel("voice", { ...others, ...options }), parts);
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: ai }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await parts.backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  lab.pickUp(session);
  script(lab, voice, session.id);
  await lab.run();
  await lab.close();
  await clock.advance(12_000);
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  if (files.length !== 1) throw new Error(`${files.length} files of one call`);
  return { file: files[0] as string, lab };
}
