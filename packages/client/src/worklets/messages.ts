import type { JitterOptions } from "../playback/jitter-buffer.ts";
import type { PlaybackReport } from "../playback/player.ts";

/** Names the processors are registered under. */
export const CAPTURE_PROCESSOR = "roomkit-capture";
export const PLAYBACK_PROCESSOR = "roomkit-playback";

/** Given to the capture processor when it is made. Input 0 is the microphone, input 1 recordings, output 0 what goes out of them. */
export interface CaptureProcessorOptions {
  /** Rate of the frames it posts, Hz; without it, it posts none. */
  readonly targetRate?: number | undefined;
}

export type ToCapture =
  | { readonly type: "mute"; readonly muted: boolean }
  /** The processor ends: a node whose process returns false is let go. */
  | { readonly type: "close" };

export type FromCapture =
  | { readonly type: "frame"; readonly offset: number; readonly samples: Int16Array }
  | { readonly type: "level"; readonly db: number };

export interface PlaybackProcessorOptions {
  readonly sourceRate: number;
  readonly jitter: Partial<JitterOptions>;
}

export type ToPlayback =
  | { readonly type: "audio"; readonly utterance: number; readonly offset: number; readonly samples: Int16Array }
  | { readonly type: "end"; readonly utterance: number }
  | { readonly type: "clear"; readonly upTo: number | undefined }
  | { readonly type: "close" };

export type FromPlayback =
  | { readonly type: "report"; readonly report: PlaybackReport; readonly underruns: number }
  | { readonly type: "level"; readonly db: number; readonly stats: PlaybackStats };

/** How playback fares. */
export interface PlaybackStats {
  /** Audio waiting to be played, ms. */
  readonly bufferedMs: number;
  /** The cushion the jitter buffer holds back at a start, ms. */
  readonly jitterBufferMs: number;
  /** How often audio ran out mid-utterance. */
  readonly underruns: number;
  /** Lost samples replaced by silence or skipped. */
  readonly concealedSamples: number;
  /** Samples that came twice, too late, or when the buffer was full. */
  readonly droppedSamples: number;
}
