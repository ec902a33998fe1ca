/** Samples of one 20 ms packet of the callers. */
const PACKET = 960;
export const PACKET_MS = 20;
/** A sound of this many packets begins every so many packets. */
export const SOUND = 10;
export const PERIOD = 40;
/** So many sounds one after another differ in pitch, so that a sound is known again however late it is heard: up to 6.4 s. */
export const PITCHES = 8;

const LOUD = 1_500;
const [LOWEST_HZ, STEP_HZ] = [300, 200];
/** Loud frames that tell the pitch, after the first, in which the sound begins somewhere. */
const JUDGED = 4;

/** A sound that a caller sent, or that was heard of it. */
export interface Sound {
  /** {@link epochMs} of its first packet's sending, or of its first decoded loud frame. */
  readonly at: number;
  /** Which of the {@link PITCHES}. */
  readonly pitch: number;
}

/** A time that means the same in every process of the machine, ms. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The samples (48 kHz) of the packet at `index` of a caller's stream. */
export function packetSamples(index: number): Int16Array {
  const at = index % PERIOD;
  if (at >= SOUND) return new Int16Array(PACKET);
  const hz = LOWEST_HZ + STEP_HZ * pitchAt(index);
  return Int16Array.from({ length: PACKET }, (_, i) => {
    const phase = (2 * Math.PI * hz * (at * PACKET + i)) / 48_000;
    // So little of the third harmonic adds no crossing of zero.
    return 9_000 * (Math.sin(phase) + 0.3 * Math.sin(3 * phase));
  });
}

/** The pitch of the sound that the packet at `index` belongs to. */
export function pitchAt(index: number): number {
  return Math.floor(index / PERIOD) % PITCHES;
}

/** A sound of a caller's, and how it reached the server. */
export interface HeardSound {
  readonly sound: Sound;
  /** Its first decoded loud frame was there, {@link epochMs}. */
  readonly at: number;
  /** From the sending of its first packet to that, ms. */
  readonly oneWayMs: number;
}

/** A sound while it is heard. */
interface Beginning {
  readonly at: number;
  frames: number;
  samples: number;
  crossings: number;
}

/** Listens to one caller on the server: when each sound began to be there, decoded. */
class Ear {
  readonly heard: Sound[] = [];
  #quietMs = Number.POSITIVE_INFINITY;
  /** Until its pitch is known. */
  #sound: Beginning | undefined;

  hear(samples: Int16Array, sampleRate: number, at: number): void {
    if (!samples.some((sample) => sample > LOUD || sample < -LOUD)) {
      this.#quietMs += (samples.length * 1000) / sampleRate;
      return;
    }
    if (this.#quietMs >= (SOUND * PACKET_MS) / 2) {
      this.#sound = { at, frames: 0, samples: 0, crossings: 0 };
    } else if (this.#sound) this.#judge(this.#sound, samples, sampleRate);
    this.#quietMs = 0;
  }

  #judge(sound: Beginning, samples: Int16Array, sampleRate: number): void {
    sound.samples += samples.length;
    for (let i = 1; i < samples.length; i++) {
      if ((samples[i] as number) < 0 !== (samples[i - 1] as number) < 0) sound.crossings++;
    }
    if (++sound.frames < JUDGED) return;
    const hz = (sound.crossings * sampleRate) / (2 * sound.samples);
    this.heard.push({ at: sound.at, pitch: Math.round((hz - LOWEST_HZ) / STEP_HZ) });
    this.#sound = undefined;
  }
}

/** What a server heard of its callers. */
export class Ears {
  readonly #ears = new Map<string, Ear>();

  /** For each frame that was decoded of a caller, at once. */
  hear(caller: string, samples: Int16Array, sampleRate: number, at: number = epochMs()): void {
    let ear = this.#ears.get(caller);
    if (!ear) {
      ear = new Ear();
      this.#ears.set(caller, ear);
    }
    ear.hear(samples, sampleRate, at);
  }

  /** The sounds that were heard of those the callers sent. */
  heardOf(sent: Readonly<Record<string, readonly Sound[]>>): HeardSound[] {
    return Object.entries(sent).flatMap(([caller, sounds]) =>
      (this.#ears.get(caller)?.heard ?? []).flatMap(({ at, pitch }) => {
        const sound = sounds.findLast((each) => each.pitch === pitch && each.at <= at);
        return sound ? [{ sound, at, oneWayMs: at - sound.at }] : [];
      }),
    );
  }
}
