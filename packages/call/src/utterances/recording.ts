import { type AudioFrame, assertFrame, samplesFor, type TtsProvider } from "@roomkit/core";

/** Tones are given in pieces, so that the listener's queue is filled no further than it may be. */
const PIECE_MS = 100;

/** A voice that only sends tones: no words belong to them. */
export function toneVoice({ samples, ...format }: AudioFrame): TtsProvider {
  const length = samplesFor(format, PIECE_MS);
  return {
    name: "tones",
    capabilities: { streamingInput: false, wordTimings: false, sampleRate: format.sampleRate },
    async *synthesize() {
      for (let at = 0; at < samples.length; at += length)
        yield { type: "audio", frame: { ...format, samples: samples.subarray(at, at + length) } };
    },
  };
}

/** A voice that plays given audio instead of making its own: recorded announcements take the way of all speech. */
export function recording(audio: AudioFrame | AsyncIterable<AudioFrame>): TtsProvider {
  return {
    name: "recording",
    capabilities: { streamingInput: false, wordTimings: false, sampleRate: "samples" in audio ? audio.sampleRate : 0 },
    async *synthesize(text) {
      // The whole text belongs to the whole audio: its pieces are only read, for hooks and transcript.
      let allowed = false;
      for await (const piece of text) allowed ||= piece !== "";
      if (!allowed) return;
      if ("samples" in audio) {
        assertFrame(audio);
        yield { type: "audio", frame: audio };
        return;
      }
      for await (const frame of audio) {
        assertFrame(frame);
        yield { type: "audio", frame };
      }
    },
  };
}
