import { Attendance, type AttendanceOptions, type CallRoom } from "@roomkit/call";
import type { PipelineStream, RealtimeSession, Unsubscribe, VoiceConnection, VoiceSession } from "@roomkit/core";
import type { RealtimeSettings } from "../options.ts";
import type { AudioPath } from "./audio-path.ts";

/** The conversation keeps its order itself. */
const AT_ONCE: ReturnType<AttendanceOptions["order"]> = { after: () => {}, inOrder: (work) => work() };

export interface AttendOptions extends Pick<AttendanceOptions, "silence" | "onTold" | "onHeard"> {
  readonly room: CallRoom;
  readonly settings: RealtimeSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly audio: AudioPath;
  readonly provider: RealtimeSession;
}

/**
 * A call that people may attend. While it is taken over, the provider hears silence in place of the caller: so it knows where they stopped,
 * and does not give the session up.
 */
export function attend({ settings, audio, provider, room, ...rest }: AttendOptions): {
  readonly attendance: Attendance;
  readonly stop: Unsubscribe;
} {
  const { pipeline } = audio;
  const turns = pipeline && settings.turnDetection === "manual" ? new ManualTurns(pipeline, provider) : undefined;
  const attendance: Attendance = new Attendance({
    ...rest,
    // Words that are to be in no log are in none.
    room: settings.emitTranscriptionEvents ? room : Object.create(room, { said: { value: async () => {} } }),
    recognises: false,
    onCaller: (listener) => audio.onCaller(listener),
    onTaken: () => {
      audio.withhold(attendance.taken);
      turns?.withhold(attendance.taken);
    },
    order: () => AT_ONCE,
  });
  return { attendance, stop: () => turns?.close() };
}

/** The caller's turns where the audio path finds them; those that a person hears are none of the provider's. */
class ManualTurns {
  readonly #provider: RealtimeSession;
  readonly #stop: readonly Unsubscribe[];
  #withheld = false;
  #speaking = false;
  /** The provider was told that they speak. */
  #told = false;

  constructor(pipeline: PipelineStream, provider: RealtimeSession) {
    this.#provider = provider;
    this.#stop = [
      pipeline.on("speech-start", () => this.#speaks(true)),
      pipeline.on("speech-end", () => this.#speaks(false)),
    ];
  }

  withhold(withheld: boolean): void {
    this.#withheld = withheld;
    this.#tell();
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  #speaks(speaking: boolean): void {
    this.#speaking = speaking;
    this.#tell();
  }

  #tell(): void {
    const speaks = this.#speaking && !this.#withheld;
    if (speaks === this.#told) return;
    this.#told = speaks;
    if (speaks) this.#provider.activityStart();
    else this.#provider.activityEnd();
  }
}
