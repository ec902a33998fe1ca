import { type AudioFrame, assertFrame, type TtsProvider } from "@roomkit/core";
import { piecesOf } from "./pieces.ts";

/** Tones are given in pieces, so that the listener's queue is filled no further than it may be. */
const PIECE_MS = 100;

/** A voice that only sends tones: no words belong to them. */
export function toneVoice(tones: AudioFrame): TtsProvider {
  return {
    name: "tones",
    capabilities: { streamingInput: false, wordTimings: false, sampleRate: tones.sampleRate },
    async *synthesize() {
      for (const frame of piecesOf(tones, PIECE_MS)) yield { type: "audio", frame };
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
