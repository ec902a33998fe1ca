import { callOptionKinds, resolveCallOptions } from "@roomkit/call";
import {
  AbortScope,
  abortedError,
  assertOptions,
  consoleLogger,
  errorFields,
  type RealtimeProvider,
  RoomKitError,
  randomId,
  systemClock,
  untilAborted,
} from "@roomkit/core";
import { type CascadeOptions, type PreparedAnswer, resolveOptions } from "./options.ts";
import { CascadeSession } from "./session.ts";

/** The rates a session can have, in Hz: the pipeline resamples to and from what its parts want. */
const RATES = [16_000, 24_000, 48_000, 8_000] as const;

/**
 * A speech-to-speech provider composed of any recogniser, model and voice. It hears, takes turns and speaks exactly as a voice
 * channel does, remembers what was heard, and calls tools. Recogniser, model and voice stay open when it closes: whoever made
 * them closes them.
 *
 * @throws RoomKitError `invalid_option` for a number out of its range.
 */
export function cascade(options: CascadeOptions): RealtimeProvider {
  assertOptions("cascade", options, {
    required: ["ai", "stt", "tts", "pipeline"],
    ...callOptionKinds,
    string: ["apology"],
    number: [...callOptionKinds.number, "maxMessages", "maxToolRounds", "toolTimeoutMs", "responseTimeoutMs"],
    function: [...callOptionKinds.function, "onPrepared"],
    object: ["ai", ...callOptionKinds.object, "clock", "logger"],
  });
  const { clock = systemClock, logger = consoleLogger, ai, stt, tts } = options;
  const settings = resolveOptions(options);
  // Told now, not with the first caller.
  resolveCallOptions(options);
  const onPrepared = (prepared: PreparedAnswer): void => {
    try {
      options.onPrepared?.(prepared);
    } catch (error) {
      logger.warn({ session: prepared.sessionId, ...errorFields(error) }, "a listener failed");
    }
  };
  const sessions = new Set<CascadeSession>();
  const closing = new AbortScope();
  return {
    name: `cascade(${stt.name}, ${ai.name}, ${tts.name})`,
    capabilities: {
      inputSampleRates: RATES,
      outputSampleRates: RATES,
      truncation: true,
      serverTurnDetection: true,
      midSessionUpdate: true,
      resumption: false,
    },
    async connect(config, { signal, native, onFallback, inputSampleRate = 16_000, outputSampleRate = 24_000 }) {
      const opening = closing.child(signal);
      try {
        if (opening.aborted) throw abortedError(opening.signal);
        const warming = Promise.all([stt.warmUp?.(opening.signal), tts.warmUp?.(opening.signal)]);
        await untilAborted(warming, opening.signal);
        if (opening.aborted) throw abortedError(opening.signal);
      } finally {
        opening.release();
      }
      const session = new CascadeSession({
        id: randomId("cs"),
        ...{ ai, call: options, settings, clock, logger, config, native, onFallback, onPrepared },
        inbound: { sampleRate: inputSampleRate, channels: 1 },
        outbound: { sampleRate: outputSampleRate, channels: 1 },
      });
      sessions.add(session);
      session.onEvent((event) => {
        if (event.type === "closed") sessions.delete(session);
      });
      return session;
    },
    overloaded: () => (stt.overloaded?.() ?? false) || (tts.overloaded?.() ?? false),
    async close() {
      closing.abort(new RoomKitError("closed", "the provider is closed"));
      await Promise.all([...sessions].map((session) => session.close()));
    },
  };
}
