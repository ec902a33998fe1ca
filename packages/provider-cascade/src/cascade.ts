import { abortedError, type RealtimeProvider, RoomKitError, randomId, speakable, systemClock } from "@roomkit/core";
import type { CascadeOptions } from "./options.ts";
import { CascadeSession } from "./session.ts";

/** The rates a session can have, in Hz: the pipeline resamples to and from what its parts want. */
const RATES = [16_000, 24_000, 48_000, 8_000] as const;

/**
 * A speech-to-speech provider composed of any recogniser, model and voice. It takes turns by the pipeline's VAD, is interrupted
 * by speech that lasts, remembers what was heard, and calls tools.
 *
 * @throws RoomKitError `invalid_option` for a number out of its range.
 */
export function cascade(options: CascadeOptions): RealtimeProvider {
  const settings = {
    interruptAfterMs: 250,
    sttTimeoutMs: 5_000,
    maxSpeechMs: 60_000,
    maxMessages: 60,
    maxToolRounds: 8,
    toolTimeoutMs: 30_000,
    responseTimeoutMs: 20_000,
    apology: "Sorry, something went wrong. Please say that again.",
    speechFilter: speakable,
    clock: systemClock,
    ...options,
  };
  for (const name of [
    "interruptAfterMs",
    "sttTimeoutMs",
    "maxSpeechMs",
    "maxMessages",
    "maxToolRounds",
    "toolTimeoutMs",
    "responseTimeoutMs",
  ] as const) {
    if (!Number.isFinite(settings[name]) || settings[name] < 0)
      throw new RoomKitError("invalid_option", `${name} must be a number >= 0`);
  }
  const sessions = new Set<CascadeSession>();
  let closed = false;
  return {
    name: `cascade(${options.stt.name}, ${options.ai.name}, ${options.tts.name})`,
    capabilities: {
      inputSampleRates: RATES,
      outputSampleRates: RATES,
      truncation: true,
      serverTurnDetection: true,
      midSessionUpdate: true,
      resumption: false,
    },
    async connect(config, { signal, inputSampleRate = 16_000, outputSampleRate = 24_000 }) {
      if (closed) throw new RoomKitError("closed", "the provider is closed");
      await Promise.all([options.stt.warmUp?.(signal), options.tts.warmUp?.(signal)]);
      if (signal.aborted) throw abortedError(signal);
      const session = new CascadeSession({
        id: randomId("cs"),
        settings,
        config,
        inbound: { sampleRate: inputSampleRate, channels: 1 },
        outbound: { sampleRate: outputSampleRate, channels: 1 },
      });
      sessions.add(session);
      session.onEvent((event) => {
        if (event.type === "closed") sessions.delete(session);
      });
      return session;
    },
    async close() {
      closed = true;
      await Promise.all([...sessions].map((session) => session.close()));
      await Promise.all([options.stt.close?.(), options.tts.close?.(), options.ai.close?.()]);
    },
  };
}
