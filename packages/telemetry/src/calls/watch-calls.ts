import type { Clock, HookHandlers, HookTrigger, RoomKit, RoomKitError, Unsubscribe, VoiceSession } from "@roomkit/core";
import { OpenCall } from "./open-call.ts";
import type { CallListener, NoteRecord } from "./records.ts";

export interface WatchOptions {
  readonly clock: Clock;
  /** Records carry what was said, and what tools were asked and answered. */
  readonly content: boolean;
}

/**
 * Makes of a kit's hooks and events the story of each call, from outside and never on the way of the audio. Nothing is kept of a call that
 * has ended; those that have not when the kit is closed, or this is stopped, end with that.
 */
export function watchCalls(kit: RoomKit, listener: CallListener, options: WatchOptions): Unsubscribe {
  const { clock, content } = options;
  const calls = new Map<string, OpenCall>();
  const stops: Unsubscribe[] = [];

  const hook = <K extends HookTrigger>(trigger: K, handler: HookHandlers[K]): void => {
    stops.push(kit.hook(trigger, handler, { execution: "async", name: "telemetry" }));
  };
  const of = ({ id }: VoiceSession): OpenCall | undefined => calls.get(id);
  /** The calls that something in a room may belong to: the one that has the turn; that of the channel; otherwise all. */
  const inRoom = (roomId: string, turnId?: string, channelId?: string): readonly OpenCall[] => {
    const here = [...calls.values()].filter(({ session }) => session.roomId === roomId);
    const its = here.filter((call) => turnId !== undefined && call.knows(turnId));
    if (its.length > 0) return its;
    const own = here.filter(({ session }) => session.channelId === channelId);
    return own.length > 0 ? own : here;
  };
  /** To one call: what is counted and paid once must not be told twice. */
  const oneInRoom = (roomId: string, turnId?: string, channelId?: string): OpenCall | undefined => {
    const found = inRoom(roomId, turnId, channelId);
    return found.length === 1 ? found[0] : undefined;
  };
  const note = (call: OpenCall, name: string, code: string, failed = true): NoteRecord => ({
    ...{ type: "note", name, code, failed, at: call.now() },
  });
  const failed = (call: OpenCall | undefined, name: string, { code }: RoomKitError): void =>
    call?.part(note(call, name, code));
  const end = (sessionId: string, reason: string): void => {
    const call = calls.get(sessionId);
    if (!call) return;
    calls.delete(sessionId);
    call.end(reason, call.now());
  };
  const endAll = (reason: string): void => {
    for (const stop of stops.splice(0)) stop();
    for (const id of [...calls.keys()]) {
      try {
        end(id, reason);
      } catch {
        // Nobody is left to be told; the other calls end all the same.
      }
    }
  };

  stops.push(
    kit.on("voice_session_started", ({ session, transport, providers }) => {
      if (calls.has(session.id) || session.state === "ended") return;
      const call = new OpenCall(session, { transport, providers }, clock, listener);
      calls.set(session.id, call);
      listener.started?.(call);
    }),
    kit.on("voice_session_ended", ({ session, reason }) => end(session.id, reason)),
    kit.on("kit_closed", () => endAll("kit_closed")),
    kit.on("stt_error", ({ session, error }) => failed(of(session), "stt_error", error)),
    kit.on("tts_error", ({ session, error }) => failed(of(session), "tts_error", error)),
    kit.on("ai_error", ({ roomId, channelId, error }) => {
      for (const call of inRoom(roomId, undefined, channelId)) failed(call, "ai_error", error);
    }),
    kit.on("provider_fallback", ({ roomId, error }) => {
      for (const call of inRoom(roomId)) call.part(note(call, "provider_fallback", error.code, false));
    }),
    kit.on("audio_stage_changed", ({ session, state, error }) => {
      const call = of(session);
      if (state === "failed") call?.aside(note(call, "audio_stage_failed", error?.code ?? "failed"));
    }),
    kit.on("recording_refused", ({ session }) => {
      const call = of(session);
      call?.aside(note(call, "recording_refused", "recording_refused", false));
    }),
  );
  hook("ON_TURN_COMPLETE", ({ session, turnId, text }) => {
    const call = of(session);
    call?.said(turnId, call.now(), content ? text : undefined);
  });
  hook("ON_TURN_METRICS", ({ session, metrics }) => {
    const call = of(session);
    call?.metrics(metrics, call.now());
  });
  hook("AFTER_TTS", ({ session, record, turnId, text }) => {
    const call = of(session);
    call?.spoken(record, false, call.now(), turnId, content ? text : undefined);
  });
  hook("ON_TTS_CANCELLED", ({ session, record, turnId, heard }) => {
    const call = of(session);
    call?.spoken(record, true, call.now(), turnId, content ? heard : undefined);
  });
  hook("ON_AI_RESPONSE", ({ roomId, channelId, turnId, provider, status, usage, text, durationMs = 0 }) => {
    const call = oneInRoom(roomId, turnId);
    if (!call) return;
    const endedAt = call.now();
    const times = { startedAt: endedAt - durationMs, endedAt };
    const said = content ? { text } : {};
    const reply = { type: "reply", channelId, provider, status, usage, ...times, ...said } as const;
    if (turnId === undefined) call.aside(reply);
    else call.part(reply, turnId);
  });
  hook("ON_TOOL_CALL", ({ roomId, channelId, turnId, call: made, result, isError, durationMs = 0 }) => {
    const call = oneInRoom(roomId, turnId, channelId);
    if (!call) return;
    const endedAt = call.now();
    const times = { startedAt: endedAt - durationMs, endedAt };
    const said = content ? { arguments: made.arguments, result } : {};
    const tool = { type: "tool", callId: made.id, name: made.name, isError, ...times, ...said } as const;
    call.part(tool, turnId);
  });
  return () => endAll("telemetry_stopped");
}
