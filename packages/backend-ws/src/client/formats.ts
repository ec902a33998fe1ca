import { type AudioCodec, samplesMaker, viewsOf } from "@roomkit/core";
import { type AudioSpec, type AudioSpecs, pcm16ToSamples, type StartMessage, samplesToPcm16 } from "@roomkit/protocol";

/** What a client speaks, decided by its `start`. */
export type Dialect = "compat" | "v1" | "phone";

const PHONE: AudioSpec = { codec: "mulaw", sampleRate: 8_000 };

export function dialectOf(start: StartMessage): Dialect {
  if (start.protocol === 1) return "v1";
  return start.streamSid !== undefined && start.websocket_id === undefined ? "phone" : "compat";
}

/** What both sides will use; undefined when this server cannot speak what the dialect demands. */
export function grantAudio(
  start: StartMessage,
  rates: { readonly input: number; readonly output: number },
  codec: AudioCodec | undefined,
): AudioSpecs | undefined {
  const dialect = dialectOf(start);
  if (dialect === "v1") {
    return {
      send: grant(start.audio?.send, rates.input, codec),
      receive: grant(start.audio?.receive, rates.output, codec),
    };
  }
  if (!codec) return undefined;
  if (dialect === "phone") return { send: PHONE, receive: PHONE };
  return { send: { codec: "mulaw", sampleRate: rates.input }, receive: { codec: "mulaw", sampleRate: rates.output } };
}

/** What is asked for, in pcm16 when the server has no mu-law; of what is not asked for, the server's own choice. */
function grant(wish: AudioSpec | undefined, sampleRate: number, codec: AudioCodec | undefined): AudioSpec {
  if (!wish) return { codec: "pcm16", sampleRate };
  return wish.codec === "mulaw" && !codec ? { codec: "pcm16", sampleRate: wish.sampleRate } : wish;
}

/** What is coded here is on its way before anything else is: a second at 48,000 Hz, so longer than any frame. */
const coded = viewsOf(new Uint8Array(48_000));

/** Coded samples of one direction. */
export interface SampleCoder {
  /** What it gives is valid until the next call, of any coder. */
  encode(samples: Int16Array): Uint8Array;
  /** Undefined for what cannot be samples. The samples are new ones. */
  decode(bytes: Uint8Array): Int16Array | undefined;
}

/** The coder for a granted format; `codec` is there when the format is mu-law. */
export function coderFor(spec: AudioSpec, codec: AudioCodec | undefined): SampleCoder {
  if (spec.codec !== "mulaw" || !codec) return { encode: samplesToPcm16, decode: pcm16ToSamples };
  const make = samplesMaker();
  return {
    encode: (samples) => codec.encode(samples, coded(0, samples.length)),
    decode(bytes) {
      try {
        return codec.decode(bytes, make(bytes.length));
      } catch {
        return undefined;
      }
    },
  };
}

/** Bytes a second of a format on the wire, with base64 where the dialect has it. */
export function wireBytesPerSecond(spec: AudioSpec, dialect: Dialect): number {
  const bytes = spec.sampleRate * (spec.codec === "pcm16" ? 2 : 1);
  return dialect === "v1" ? bytes : (bytes * 4) / 3;
}
