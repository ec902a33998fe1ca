import type { VoiceChannel } from "@roomkit/channel-voice";
import type {
  HookPayloads,
  RoomKit,
  StageControl,
  StageRole,
  StageStatus,
  VoiceBackend,
  VoiceConnection,
  VoiceSession,
} from "@roomkit/core";
import type { Recordings } from "./recordings.ts";

/** What a channel lets be done with a running call. */
export type DeskChannel = Pick<VoiceChannel, "stages" | "recording">;

/** The name of the messages between page and desk. */
const NAME = "sound";
const SWITCHED: readonly string[] = ["dtmf", "aec", "echoGuard", "agc", "denoiser", "vad"] satisfies StageRole[];
/** Longest a caller may take to say that a call is recorded: it has no end but the call's. */
const CALL_MS = 86_400_000;

/** What the page says. */
type Asked =
  | { readonly type: "hello" }
  | { readonly type: "switch"; readonly role: StageRole; readonly on: boolean }
  | { readonly type: "watch"; readonly on: boolean }
  | { readonly type: "record"; readonly action: "start" | "pause" | "resume" | "stop" };

interface Call {
  readonly connection: VoiceConnection;
  readonly channel: DeskChannel;
  watching: boolean;
  recording: { readonly state: "off" | "recording" | "paused" | "done"; readonly address?: string };
  /** The caller agrees to being recorded. */
  agree: () => void;
}

/**
 * Shows callers what the server does to their sound, lets them switch it, and records their call when they ask for it: by messages of
 * the application, which the page understands. Whoever calls has a say in their own call only.
 */
export class Desk {
  readonly #recordings: Recordings;
  readonly #calls = new Map<string, Call>();

  constructor(kit: RoomKit, recordings: Recordings) {
    this.#recordings = recordings;
    const told = { execution: "async" } as const;
    kit.hook("ON_CLIENT_DATA", (payload) => this.#asked(payload), told);
    kit.hook("ON_INPUT_AUDIO_LEVEL", (payload) => this.#level(payload), told);
    kit.hook(
      "ON_RECORDING_STARTED",
      ({ session, recording }, { signal }) => this.#consent(session, recording.name, signal),
      {
        timeoutMs: CALL_MS,
      },
    );
    kit.hook("ON_RECORDING_STOPPED", ({ session, recording }) => this.#recorded(session, recording), told);
    kit.on("echo_suspected", ({ session, couplingDb, delayMs }) => {
      const call = this.#calls.get(session.id);
      if (call) send(call, { type: "echo", couplingDb, delayMs });
    });
    kit.on("audio_stage_changed", ({ session }) => this.#tell(session));
  }

  /** The calls of a transport's channel. */
  serve(backend: VoiceBackend, channel: DeskChannel): void {
    backend.onSessionReady((session, connection) => {
      const call: Call = { connection, channel, watching: false, recording: { state: "off" }, agree: () => {} };
      this.#calls.set(session.id, call);
      connection.onClose(() => this.#calls.delete(session.id));
    });
  }

  #asked({ session, name, payload }: HookPayloads["ON_CLIENT_DATA"]): void {
    const call = this.#calls.get(session.id);
    const asked = name === NAME && call ? askedOf(payload) : undefined;
    if (!call || !asked) return;
    if (asked.type === "watch") call.watching = asked.on;
    if (asked.type === "record") this.#record(session, call, asked.action);
    if (asked.type === "switch") {
      const stages = call.channel.stages(session.id);
      // What is not there cannot be switched; another page may ask for it.
      if (switches(stages).some(({ role }) => role === asked.role)) stages?.set(asked.role, asked.on);
    }
    this.#tell(session);
  }

  #record(session: VoiceSession, call: Call, action: "start" | "pause" | "resume" | "stop"): void {
    const recording = call.channel.recording(session.id);
    const { state } = call.recording;
    if (action === "start") call.agree();
    else if (state !== "recording" && state !== "paused") return;
    else if (action === "stop") void recording?.stop();
    else {
      recording?.[action]();
      call.recording = { ...call.recording, state: action === "pause" ? "paused" : "recording" };
    }
  }

  /** Nothing is recorded until the caller says so. */
  async #consent(session: VoiceSession, name: string, signal: AbortSignal): Promise<void> {
    const call = this.#calls.get(session.id);
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (call) call.agree = resolve;
    });
    if (!call) return;
    call.recording = { state: "recording", address: this.#recordings.expect(name) };
    this.#tell(session);
  }

  async #recorded(session: VoiceSession, summary: HookPayloads["ON_RECORDING_STOPPED"]["recording"]): Promise<void> {
    await this.#recordings.keep(summary);
    const call = this.#calls.get(session.id);
    if (call) call.recording = { ...call.recording, state: "done" };
    this.#tell(session);
  }

  #level({ session, db, processedDb, speechProbability }: HookPayloads["ON_INPUT_AUDIO_LEVEL"]): void {
    const call = this.#calls.get(session.id);
    if (call?.watching) send(call, { type: "level", before: db, after: processedDb, speech: speechProbability });
  }

  #tell(session: VoiceSession): void {
    const call = this.#calls.get(session.id);
    if (!call) return;
    const stages = switches(call.channel.stages(session.id)).map(({ role, state }) => ({ role, state }));
    send(call, { type: "state", stages, recording: call.recording });
  }
}

function send({ connection }: Call, payload: object): void {
  connection.send({ type: "data", name: NAME, payload });
}

/** The stages that callers may switch. */
function switches(stages: StageControl | undefined): readonly StageStatus[] {
  return stages?.list().filter(({ role }) => SWITCHED.includes(role)) ?? [];
}

/** What a client asks for; undefined when that is nothing known. */
function askedOf(payload: unknown): Asked | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { type, role, on, action } = payload as Readonly<Record<string, unknown>>;
  if (type === "hello") return { type };
  if (type === "watch") return { type, on: on === true };
  if (type === "switch" && typeof role === "string" && typeof on === "boolean")
    return { type, role: role as StageRole, on };
  const known = (["start", "pause", "resume", "stop"] as const).find((each) => each === action);
  return type === "record" && known ? { type, action: known } : undefined;
}
