import { type Clock, RoomKitError } from "@roomkit/core";
import { voiceNamed } from "./voices.ts";

export interface FliteOptions {
  /** Voice of calls that name none. Default `slt`. */
  readonly voice?: string | undefined;
  /** Pace of calls that give none; 1 is the voice's own, 0.5 to 2. Default 1. */
  readonly speed?: number | undefined;
  /** Factor on the voice's pitch, 0.5 to 2. Default 1; the voice `rms` takes no other. */
  readonly pitch?: number | undefined;
  /** Silence after a sentence, in ms, 0 to 2,000; half of it after a piece that ends otherwise. Default 120. */
  readonly pauseMs?: number | undefined;
  /** Longer pieces are cut at clauses before they are spoken, in characters, 40 to 1,000. Default 200. */
  readonly maxChars?: number | undefined;
  /** Pieces made ahead of the one that is being taken, 1 to 16. Default 2. */
  readonly lookAhead?: number | undefined;
  /** Worker processes at most; they start when there is work for them. Default: the CPU's cores less one, at least 1. */
  readonly workers?: number | undefined;
  /** Pieces of all calls that may wait for a worker. Default 64. */
  readonly queueLimit?: number | undefined;
  /** How long one piece may wait, and then take, in ms. Default 10,000. */
  readonly jobTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** The settings of one call. */
export interface CallSettings {
  readonly voice: string;
  readonly speed: number;
  readonly pitchHz: number | undefined;
  readonly gainDb: number;
}

/** @throws RoomKitError `invalid_option` */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new RoomKitError("invalid_option", `${name} must be ${min} to ${max}`, { details: { [name]: value } });
}

/** @throws RoomKitError `unknown_voice`, `invalid_option`, `unsupported_language` */
export function callSettings(
  options: FliteOptions,
  call: {
    readonly voice?: string | undefined;
    readonly speed?: number | undefined;
    readonly language?: string | undefined;
  } = {},
): CallSettings {
  const name = call.voice ?? options.voice ?? "slt";
  const voice = voiceNamed(name);
  const speed = inRange("speed", call.speed ?? options.speed ?? 1, 0.5, 2);
  const pitch = inRange("pitch", options.pitch ?? 1, 0.5, 2);
  if (pitch !== 1 && voice.pitchHz === undefined) {
    throw new RoomKitError("invalid_option", `the pitch of the voice ${name} is fixed`);
  }
  if (call.language !== undefined && !/^en(-|$)/i.test(call.language)) {
    throw new RoomKitError("unsupported_language", "Flite speaks English only", {
      details: { language: call.language },
    });
  }
  const pitchHz = pitch === 1 || voice.pitchHz === undefined ? undefined : voice.pitchHz * pitch;
  return { voice: name, speed, pitchHz, gainDb: voice.gainDb };
}
