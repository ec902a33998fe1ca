import { type AudioFrame, assertFrame, type TtsProvider } from "@roomkit/core";

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
