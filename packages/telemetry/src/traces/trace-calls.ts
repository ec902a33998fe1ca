import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import {
  assertOptions,
  type Clock,
  keepNewest,
  type RoomKit,
  systemClock,
  turnStages,
  type Unsubscribe,
} from "@roomkit/core";
import type { CallListener, CallRecord, PartRecord, TurnRecord } from "../calls/records.ts";
import { watchCalls } from "../calls/watch-calls.ts";
import * as attributes from "./attributes.ts";

export interface TraceOptions {
  /** Default: the one that was registered with the OpenTelemetry API; without any, spans cost little and go nowhere. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Spans carry what was said and heard, and the arguments and results of tools. Default false. */
  readonly content?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

/** Turns whose parts may come late, for each call. */
const MAX_TURNS = 8;

interface Traced {
  readonly span: Span;
  readonly context: Context;
  /** By turn, those told last: what comes late belongs under its turn. */
  readonly turns: Map<string, Context>;
}

/**
 * Makes a span `voice.session` of each call of a kit, under it a span `turn` for each turn, and under that one for each of its stages. A
 * turn's spans are made together when it is over, with the times that its metrics tell: nothing runs for a frame of audio.
 *
 * @returns what stops it and ends the spans of calls that go on.
 * @throws RoomKitError `invalid_option`.
 */
export function traceCalls(kit: RoomKit, options: TraceOptions = {}): Unsubscribe {
  assertOptions("traceCalls", options, { boolean: ["content"], object: ["tracerProvider", "clock"] });
  const { tracerProvider = trace.getTracerProvider(), content = false, clock = systemClock } = options;
  return watchCalls(kit, new Tracing(tracerProvider.getTracer("@roomkit/telemetry")), { content, clock });
}

class Tracing implements CallListener {
  readonly #tracer: Tracer;
  readonly #calls = new Map<CallRecord, Traced>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  started(call: CallRecord): void {
    // A call outlives the request that began it: a trace of its own, that tells where it came from.
    const begunBy = trace.getSpanContext(context.active());
    const links: Link[] = begunBy ? [{ context: begunBy }] : [];
    const span = this.#tracer.startSpan(
      "voice.session",
      {
        ...{ kind: SpanKind.SERVER, startTime: call.startedAt, root: true, links },
        attributes: attributes.callAttributes(call),
      },
      ROOT_CONTEXT,
    );
    this.#calls.set(call, { span, context: trace.setSpan(ROOT_CONTEXT, span), turns: new Map() });
  }

  turn(call: CallRecord, turn: TurnRecord): void {
    const traced = this.#calls.get(call);
    // No SDK, or the call is not among its samples: neither is anything under it.
    if (!traced?.span.isRecording()) return;
    const { id, startedAt, saidAt, audibleAt, endedAt, metrics, parts } = turn;
    const span = this.#tracer.startSpan(
      "turn",
      { startTime: startedAt, attributes: attributes.turnAttributes(call, turn) },
      traced.context,
    );
    const under = trace.setSpan(traced.context, span);
    const replied = parts.some(({ type }) => type === "reply");
    for (const { stage, startMs, endMs } of metrics ? turnStages(metrics) : []) {
      // A reply that was told of itself says more, and until when it went on.
      if (stage === "llm" && replied) continue;
      const played = stage === "playout" && audibleAt !== undefined;
      const about = played ? attributes.playoutAttributes(turn) : providerOf(call, stage);
      this.#span(stage, under, saidAt + startMs, played ? endedAt : saidAt + endMs, about);
    }
    for (const part of parts) this.#part(part, under, span);
    span.end(endedAt);
    traced.turns.set(id, under);
    keepNewest(traced.turns, MAX_TURNS);
  }

  part(call: CallRecord, part: PartRecord, turnId: string | undefined): void {
    const traced = this.#calls.get(call);
    if (!traced?.span.isRecording()) return;
    const under = turnId === undefined ? undefined : traced.turns.get(turnId);
    this.#part(part, under ?? traced.context, traced.span);
  }

  ended(call: CallRecord, reason: string, at: number): void {
    const traced = this.#calls.get(call);
    this.#calls.delete(call);
    traced?.span.setAttributes(attributes.callTotals(call, reason));
    traced?.span.end(at);
  }

  /** @param holder the span that is still open, for what is no span of its own */
  #part(part: PartRecord, under: Context, holder: Span): void {
    if (part.type === "note") {
      holder.addEvent(part.name, { "error.type": part.code }, part.at);
      if (!part.failed) return;
      holder.setAttribute("error.type", part.code);
      holder.setStatus({ code: SpanStatusCode.ERROR, message: part.code });
      return;
    }
    const { startedAt, endedAt } = part;
    if (part.type === "tool") {
      const error = part.isError ? "tool_error" : undefined;
      this.#span("tool", under, startedAt, endedAt, attributes.toolAttributes(part), { error });
    } else {
      const error = part.status === "failed" ? "ai_failed" : undefined;
      this.#span("llm", under, startedAt, endedAt, attributes.replyAttributes(part), { error, kind: SpanKind.CLIENT });
    }
  }

  #span(
    name: string,
    under: Context,
    startTime: number,
    endTime: number,
    about: Attributes,
    how: { readonly error?: string | undefined; readonly kind?: SpanKind } = {},
  ): void {
    const { error, kind = SpanKind.INTERNAL } = how;
    const attributes = error === undefined ? about : { ...about, "error.type": error };
    const span = this.#tracer.startSpan(name, { kind, startTime, attributes }, under);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end(Math.max(startTime, endTime));
  }
}

/** Whose stage it is. */
function providerOf({ providers }: CallRecord, stage: string): Attributes {
  const { stt, tts, realtime } = providers;
  const name = realtime ?? (stage === "stt" ? stt : stage === "tts" ? tts : undefined);
  if (name === undefined) return {};
  if (stage === "llm") return { "gen_ai.operation.name": "chat", "gen_ai.provider.name": name };
  return { "roomkit.provider": name };
}
