import { agc } from "@roomkit/agc";
import { assertOptions, optionsWithin, type VadFactory } from "@roomkit/core";
import { rnnoise } from "@roomkit/denoiser-rnnoise";
import { dtmf } from "@roomkit/dtmf";
import { echoGuard } from "@roomkit/echo-guard";
import type { AudioPipelineConfig } from "@roomkit/pipeline";
import { energyVad } from "@roomkit/vad-energy";

export interface PresetOptions {
  /** Finds speech. Default `energyVad()`. */
  readonly vad?: VadFactory | undefined;
  /**
   * Silence after which `energyVad()` takes speech for ended, ms, 20 to 60,000. Default 500; 200 where a turn detector judges each pause, as
   * `heuristicTurns()` of `@roomkit/turn-heuristic` does.
   */
  readonly pauseMs?: number | undefined;
}

export interface PhoneOptions extends PresetOptions {
  /** How much of the noise is taken away, 0 to 1; 0: nothing is, and no denoiser opened. Default 0.5. */
  readonly denoise?: number | undefined;
}

export interface SpeakerphoneOptions extends PresetOptions {
  /** Makes the stages that are one in it: `webrtcAudioProcessing` of `@roomkit/aec-webrtc`. */
  readonly processing: (asked: {
    readonly echoCancellation: true;
    readonly noiseSuppression: true;
    readonly autoGainControl: true;
  }) => Pick<AudioPipelineConfig, "aec" | "agc" | "denoiser">;
}

const KINDS = { object: ["vad"], within: { pauseMs: [20, 60_000] } } as const;

const vadOf = ({ vad, pauseMs }: PresetOptions): VadFactory => vad ?? energyVad({ silenceThresholdMs: pauseMs });

/**
 * For a page: it finds speech, and keeps back an echo that the browser leaves; echo and noise the browser takes away itself, and levels the loudness.
 *
 * @throws RoomKitError `invalid_option`
 */
export function browser(options: PresetOptions = {}): AudioPipelineConfig {
  assertOptions("browser", options, KINDS);
  return { echoGuard: echoGuard(), vad: vadOf(options) };
}

/**
 * For a telephone line: loudness is levelled, noise lowered, keys are heard and kept from the recogniser. The telephone takes
 * care of echo.
 *
 * @throws RoomKitError `invalid_option`
 */
export function phone(options: PhoneOptions = {}): AudioPipelineConfig {
  assertOptions("phone", options, { ...KINDS, number: ["denoise"] });
  const { denoise } = optionsWithin({ denoise: options.denoise }, { denoise: 0.5 }, { denoise: [0, 1] });
  return {
    dtmf: dtmf(),
    muteDigits: true,
    agc: agc(),
    denoiser: denoise === 0 ? undefined : rnnoise({ strength: denoise }),
    vad: vadOf(options),
  };
}

/**
 * For a loudspeaker in a room, on a device that does nothing about it: echo and noise are taken away and the loudness levelled,
 * by one instance. Where the device says that it does some of it, that is left out.
 *
 * @throws RoomKitError `invalid_option`
 */
export function speakerphone(options: SpeakerphoneOptions): AudioPipelineConfig {
  assertOptions("speakerphone", options, { ...KINDS, required: ["processing"], function: ["processing"] });
  const {
    aec,
    agc: levels,
    denoiser,
  } = options.processing({
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  });
  return { aec, echoGuard: echoGuard(), agc: levels, denoiser, vad: vadOf(options) };
}
