import {
  type AudioCodecName,
  decodeAudioFrame,
  defaultLimits,
  parseV1ServerMessage,
  pcm16ToSamples,
  type ReadyMessage,
  type V1ServerMessage,
} from "@roomkit/protocol";
import { decodeMulaw } from "../audio/mulaw.ts";
import { VoiceClientError } from "../errors.ts";
import type { ReceivedAudio } from "./transport.ts";

/** Refusals that another attempt may not meet, whatever the server says of itself. */
const BUSY = /limit|busy|draining|full/;

/** A refusal of the server as an error. */
export function refusal(code: string, message: string, retryable: boolean): VoiceClientError {
  return new VoiceClientError(code, message, { retryable: retryable || BUSY.test(code) });
}

/** What the server says first: `ready`, a refusal, or something else that can wait. */
export function readAnswer(text: string): ReadyMessage | VoiceClientError | undefined {
  const result = parseV1ServerMessage(text);
  if (!result.ok) {
    if (result.code === "unknown_event") return undefined;
    return new VoiceClientError("protocol_error", `the server's answer was not understood: ${result.message}`);
  }
  const { message } = result;
  if ("status" in message) {
    const { error } = message.meta;
    return refusal(error, `the server refused the call: ${error}`, false);
  }
  if ("type" in message && message.type === "error") return refusal(message.code, message.message, message.retryable);
  if ("type" in message && message.type === "bye") {
    return refusal(message.reason, `the server ended the call: ${message.reason}`, message.resumable);
  }
  return "event" in message && message.event === "ready" ? message : undefined;
}

/** Reads what comes in a session, within the limits the server named; what this version does not know is undefined. */
export class MessageReader {
  readonly #limits: typeof defaultLimits;
  readonly #codec: AudioCodecName;

  constructor({ limits, audio }: ReadyMessage) {
    this.#limits = { ...defaultLimits, maxMessageBytes: Math.max(limits.maxMessageBytes, 65_536) };
    this.#codec = audio.receive.codec;
  }

  message(text: string): V1ServerMessage | undefined {
    const result = parseV1ServerMessage(text, this.#limits);
    // What a newer server says and this version does not know is no error.
    return result.ok && !("status" in result.message) ? result.message : undefined;
  }

  audio(data: ArrayBuffer): ReceivedAudio | undefined {
    const result = decodeAudioFrame(new Uint8Array(data), this.#limits);
    if (!result.ok) return undefined;
    const { utterance, offset, end, audio } = result.frame;
    const samples = this.#codec === "mulaw" ? decodeMulaw(audio) : pcm16ToSamples(audio);
    return samples && { utterance, offset, end, samples };
  }
}
