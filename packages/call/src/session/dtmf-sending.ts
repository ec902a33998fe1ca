import {
  type AudioFrame,
  abortedError,
  assertOptions,
  type DtmfPress,
  type DtmfTones,
  frameDurationMs,
  isDtmfDigit,
  RoomKitError,
  type VoiceConnection,
} from "@roomkit/core";
import { once } from "../utterances/once.ts";
import { toneVoice } from "../utterances/recording.ts";
import type { Speaking } from "../utterances/speaking.ts";

/**
 * How touch tones are sent: `rfc4733`, as events beside the audio, which only a client takes that agreed to; `inband`, as tones in the
 * audio; `auto`, as events where all the digits can be sent so, else as tones.
 */
export type DtmfMode = "auto" | "rfc4733" | "inband";

export const dtmfModes: readonly DtmfMode[] = ["auto", "rfc4733", "inband"];

/** How a channel sends touch tones. */
export interface DtmfSending {
  readonly dtmfMode: DtmfMode;
  /** Makes the tones in the audio. */
  readonly dtmfTones?: DtmfTones | undefined;
}

export interface SendDtmfOptions {
  /** How long each key is held, ms, 40 to 1,000. Default 100. */
  readonly toneMs?: number | undefined;
  /** Silence after each key, ms, 40 to 1,000. Default 100. */
  readonly pauseMs?: number | undefined;
  /** Sends no more of them. */
  readonly signal?: AbortSignal | undefined;
}

/** The digits as what can be sent to one client. */
export type DtmfToSend = { readonly presses: readonly DtmfPress[] } | { readonly tones: AudioFrame };

/**
 * Decides how digits are sent to a client.
 *
 * @throws RoomKitError `invalid_option`, `invalid_digits` (not 1 to 64 of 0-9, A-D, * and #), `unsupported` (the client takes no such events, or
 *   there is nothing that makes tones).
 */
export function dtmfToSend(
  connection: Pick<VoiceConnection, "outbound" | "dtmfEvents" | "playDtmf">,
  digits: string,
  options: SendDtmfOptions,
  { dtmfMode, dtmfTones }: DtmfSending,
): DtmfToSend {
  assertOptions("sendDtmf", options, { within: { toneMs: [40, 1_000], pauseMs: [40, 1_000] }, object: ["signal"] });
  const { toneMs, pauseMs } = options;
  const keys = typeof digits === "string" ? [...digits].filter(isDtmfDigit) : [];
  // Not which: they may be a secret.
  if (keys.length === 0 || keys.length > 64 || keys.length !== digits.length)
    throw new RoomKitError("invalid_digits", "expected 1 to 64 of 0-9, A-D, * and #");
  const { outbound, dtmfEvents = "", playDtmf } = connection;
  const taken = playDtmf !== undefined && keys.every((digit) => dtmfEvents.includes(digit));
  if (dtmfMode !== "inband" && taken)
    return { presses: keys.map((digit) => ({ digit, toneMs: toneMs ?? 100, pauseMs: pauseMs ?? 100 })) };
  if (dtmfMode === "rfc4733") throw new RoomKitError("unsupported", "the client takes no events of these digits");
  if (!dtmfTones) throw new RoomKitError("unsupported", "touch tones are sent by a channel that was given dtmfTones");
  // What nobody asked for is for the application's own `dtmfTones` to say.
  const asked = { ...(toneMs === undefined ? {} : { toneMs }), ...(pauseMs === undefined ? {} : { pauseMs }) };
  return { tones: dtmfTones(digits, { sampleRate: outbound.sampleRate, ...asked }) };
}

/** How long they take, ms. */
export function dtmfMs(what: DtmfToSend): number {
  if ("tones" in what) return frameDurationMs(what.tones);
  return what.presses.reduce((sum, { toneMs, pauseMs }) => sum + toneMs + pauseMs, 0);
}

/** Sends them after what is being said; resolves when they were played, with whether all of them were. @throws RoomKitError `queue_full`, `aborted`. */
export async function speakDtmf(
  speaking: Pick<Speaking, "speak">,
  what: DtmfToSend,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  if (signal.aborted) throw abortedError(signal);
  const how = "presses" in what ? what : { tts: toneVoice(what.tones) };
  const sent = await speaking.speak(once(""), { signal, ...how, tones: true });
  const whole = sent.audible && sent.error === undefined && !sent.record.interrupted;
  if (!whole && signal.aborted) throw abortedError(signal);
  return whole;
}
