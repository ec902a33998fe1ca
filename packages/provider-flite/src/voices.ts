import { RoomKitError } from "@roomkit/core";

/** A voice of the engine, and what has to be known about it. */
export interface Voice {
  /** Brings its speech to -20 dBFS: the level of its own speech, pauses left out, over the README's twenty phrases. */
  readonly gainDb: number;
  /** Its mean fundamental frequency in Hz; undefined where the engine ignores another one. */
  readonly pitchHz: number | undefined;
}

/** All are US English except `awb`, a Scotsman speaking it. 16 kHz. */
export const VOICES: Readonly<Record<string, Voice>> = {
  /** Female. */
  slt: { gainDb: -5.7, pitchHz: 174 },
  /** Male, the slowest. */
  rms: { gainDb: 0.2, pitchHz: undefined },
  /** Male. */
  awb: { gainDb: -0.8, pitchHz: 132 },
  /** Male, diphone: the oldest sound and the cheapest to make. */
  kal16: { gainDb: 7.2, pitchHz: 91 },
};

/** @throws RoomKitError `unknown_voice` */
export function voiceNamed(name: string): Voice {
  const voice = Object.hasOwn(VOICES, name) ? VOICES[name] : undefined;
  if (voice) return voice;
  const known = Object.keys(VOICES);
  throw new RoomKitError("unknown_voice", `there is no voice of this name; Flite has ${known.join(", ")}`, {
    details: { known },
  });
}
