import {
  type AudioCodec,
  type Clock,
  errorFields,
  type Logger,
  type OpusCodec,
  type OpusSampleRate,
  RoomKitError,
  type WebRTCEngine,
} from "@roomkit/core";
import { openCoders } from "./coders.ts";
import { LoadMeter, type LoopLimits, tooBusy } from "./load-meter.ts";
import { LocalCall, newSsrc } from "./local-call.ts";
import type { MediaCall, MediaHost, MediaLoad, MediaRequest } from "./media-host.ts";

const WARM_FRAMES = 25;

export interface LocalMediaHostOptions {
  readonly engine: WebRTCEngine;
  readonly opus: OpusCodec;
  readonly mulaw: AudioCodec | undefined;
  /** Hz callers' audio will be decoded to, for {@link MediaHost.warmUp}. */
  readonly inputSampleRate: OpusSampleRate;
  /** No call is taken while this thread's event loop is busier. */
  readonly busy: LoopLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Does the media of calls on the thread it was made on. */
export class LocalMediaHost implements MediaHost {
  readonly #options: LocalMediaHostOptions;
  readonly #meter: LoadMeter;

  constructor(options: LocalMediaHostOptions) {
    this.#options = options;
    this.#meter = new LoadMeter(options.clock);
  }

  get load(): readonly [MediaLoad] {
    return [{ calls: this.#meter.calls, ...this.#meter.load }];
  }

  async accept(request: MediaRequest, signal?: AbortSignal): Promise<MediaCall> {
    const { engine, opus, mulaw, busy, clock, logger } = this.#options;
    const { offer, plan, loopback, limits, traffic, inputSampleRate, outputSampleRate } = request;
    if (tooBusy(this.#meter.load, busy)) throw serverBusy();
    const coders = await openCoders({ plan, opus, mulaw, inputSampleRate, outputSampleRate });
    const ssrc = newSsrc();
    try {
      const peer = await engine.accept(offer, {
        ...(plan ? { audio: { direction: plan.direction, codecs: plan.codecs, ssrc } } : {}),
        signal,
        loopback,
        limits,
      });
      const onListenerError = (error: unknown): void => logger.error(errorFields(error), "a media listener threw");
      const call = new LocalCall({ peer, coders, ssrc, traffic, clock, onListenerError });
      call.onClosed(this.#meter.begin());
      return call;
    } catch (error) {
      coders.close();
      throw error;
    }
  }

  async warmUp(signal?: AbortSignal): Promise<void> {
    const { engine, opus, inputSampleRate } = this.#options;
    await Promise.all([warmCodec(opus, inputSampleRate), engine.warmUp?.(signal)]);
  }

  async close(): Promise<void> {
    await this.#options.engine.close();
  }
}

/** A little speech there and back: what codes it is loaded and compiled by then. */
async function warmCodec(opus: OpusCodec, sampleRate: OpusSampleRate): Promise<void> {
  const decoder = await opus.createDecoder({ sampleRate });
  try {
    const encoder = await opus.createEncoder({ sampleRate });
    const noise = Int16Array.from({ length: encoder.frameSamples }, (_, i) => ((i * 7_919) % 4_000) - 2_000);
    for (let i = 0; i < WARM_FRAMES; i++) {
      const packet = encoder.encode(noise);
      if (packet) decoder.decode(packet);
    }
    encoder.close();
  } finally {
    decoder.close();
  }
}

/** The error when every thread has as many calls as it can carry. */
export function serverBusy(): RoomKitError {
  return new RoomKitError("server_busy", "this server carries as many calls as it can", { retryable: true });
}
