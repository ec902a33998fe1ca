import type { AudioFormat, Clock, DtmfPress, PlaybackProgress, UtteranceId } from "@roomkit/core";
import type { PacingWheel } from "../pacing/wheel.ts";

/** 20 ms of a key that is held. */
export interface DtmfFrame {
  readonly digit: DtmfPress["digit"];
  /** The key goes down with this frame. */
  readonly begins: boolean;
  /** It is up after this frame. */
  readonly ends: boolean;
}

/** A piece of an utterance on its way to the client. */
export interface PlayoutFrame {
  readonly utterance: UtteranceId;
  /** The utterance's number on the wire. */
  readonly number: number;
  /** Samples per channel of the utterance before this frame. */
  readonly offset: number;
  /** Interleaved; 20 ms, less at an utterance's end, empty when only `end` is to be told. */
  readonly samples: Int16Array;
  /** Nothing more of this utterance follows. */
  readonly end: boolean;
  /** It is told as this event, instead of its samples, which are silence. Only for links of connections with `dtmfEvents`. */
  readonly dtmf?: DtmfFrame | undefined;
}

export interface PlayoutQueueOptions {
  /** Of the audio put in and sent out. */
  readonly format: AudioFormat;
  readonly clock: Clock;
  readonly wheel: PacingWheel;
  /** Hands a frame to the client. Returns false when it cannot take one now: it is offered again at the next tick. Must not throw. */
  readonly send: (frame: PlayoutFrame) => boolean;
  /** Does `work`, which sends several frames, so that they leave as one. Default: one by one. */
  readonly together?: ((work: () => void) => void) | undefined;
  readonly onProgress: (progress: PlaybackProgress) => void;
  /** The rest of an utterance, `droppedMs` of audio, was dropped because the queue was full. */
  readonly onDrop?: ((utterance: UtteranceId, droppedMs: number) => void) | undefined;
  /** Whether the client reports what it played ({@link PlayoutQueue.report}), or the pacing clock is all there is. */
  readonly playback: PlaybackProgress["confidence"];
  /**
   * `estimated` only: the client may turn out to send marks back, at most so far apart, ms of audio. From the first one on what it
   * says is reported, until it fails to. Default: it does not.
   */
  readonly marksMs?: number | undefined;
  /**
   * `estimated` only: the client may turn out to report, and then again within this time while it plays, ms. From the first report on
   * what it says is reported, also after `clear`, until it has said nothing for so long or {@link Reports.fail} is called.
   * Default: it does not.
   */
  readonly reportsWithinMs?: number | undefined;
  /** How much audio may be with the client and unplayed, ms, 0 to 5,000. Default 200. */
  readonly leadMs?: number | undefined;
  /** Most frames queued. Default 1,000. */
  readonly maxFrames?: number | undefined;
  /** Most audio queued, ms. Default 20,000. */
  readonly maxQueuedMs?: number | undefined;
  /** Fill short frames up with silence, for codecs that know only whole frames. Default false. */
  readonly wholeFrames?: boolean | undefined;
  /** Keep what the client has not reported as played, so that {@link PlayoutQueue.resume} can send it again. Default false. */
  readonly resumable?: boolean | undefined;
  /** How often an estimate is reported while playing, ms. Default 200. */
  readonly progressMs?: number | undefined;
  /** After `clear`, how long the client's exact report is waited for, ms. Default 300. */
  readonly clearGraceMs?: number | undefined;
  /** After an utterance should have ended, how long the client's last report is waited for, ms. Default 2,000. */
  readonly reportGraceMs?: number | undefined;
}

export interface PlayedTapOptions {
  /** Whether the silence between utterances is shown as well. Default false. */
  readonly silence?: boolean | undefined;
}
