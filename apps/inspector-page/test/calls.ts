import {
  type Channel,
  type ChannelHost,
  InProcessBus,
  type Metadata,
  makeClock,
  RoomKit,
  RoomKitError,
  type SessionStatus,
  silentLogger,
  systemClock,
  type VoiceSession,
} from "@roomkit/core";
import { type Inspector, inspector } from "@roomkit/inspector";
import { seededRandom } from "@roomkit/testing";

export const TOKEN = "operators-only";

const NAMES = (
  "ada,bashir,chiara,dmitri,esther,farid,greta,hana,ibrahim,jules,katya,lars,mina,noor,olga,pedro,qiu,rosa,sven,tariq," +
  "uma,vera,wanja,xenia"
).split(",");
const TOOLS = ["find_order", "open_ticket", "check_stock"];

interface Call {
  readonly session: VoiceSession;
  readonly random: () => number;
  status: SessionStatus;
}

/** Processes with calls that talk, as far as an inspector sees: kits that are told what a voice channel would tell them. */
export class Processes {
  readonly inspectors: Inspector[] = [];
  readonly left: string[] = [];
  readonly #bus = new InProcessBus({ logger: silentLogger });
  readonly #hosts: ChannelHost[] = [];
  readonly #kits: RoomKit[] = [];
  readonly #calls = new Map<string, Call & { readonly host: ChannelHost }>();
  /** What is told now was so long ago, ms. */
  #agoMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(count: number) {
    const wallTime = (): number => Date.now() - this.#agoMs;
    const clock = makeClock({ now: systemClock.now, setTimeout: systemClock.setTimeout, wallTime });
    for (let i = 1; i <= count; i++) {
      const kit = new RoomKit({ logger: silentLogger });
      const channel: Channel = {
        ...{ id: "voice", kind: "told", category: "transport" },
        register: (host) => void this.#hosts.push(host),
        join: async () => {},
        leave: async (session, reason) => {
          this.left.push(session.id);
          this.end(session.id, reason);
        },
        onBindingChanged: ({ roomId, muted, outputMuted }) => {
          for (const call of this.#calls.values())
            if (call.session.roomId === roomId) call.status = { ...call.status, muted, outputMuted };
        },
        close: async () => {},
      };
      kit.registerChannel(channel);
      this.#kits.push(kit);
      const auth = ({ header }: { header(name: string): string | undefined }): Metadata | null =>
        header("authorization") === `Bearer ${TOKEN}` ? {} : null;
      this.inspectors.push(
        inspector(kit, { auth, bus: this.#bus, name: `voice-${i}`, clock, logger: silentLogger, showWords: i === 1 }),
      );
    }
  }

  /** Begins so many calls, some minutes ago, in any process, with all that may be wrong with a call. */
  async ring(count: number): Promise<void> {
    const durations = seededRandom(11);
    for (let i = 0; i < count; i++) {
      const random = seededRandom(100 + i);
      const [kit, host] = [this.#kits[i % this.#kits.length], this.#hosts[i % this.#hosts.length]];
      if (!kit || !host) return;
      const lastsMs = 20_000 + durations() * 900_000;
      const room = await kit.createRoom();
      await kit.attachChannel(room.id, "voice");
      const session: VoiceSession = {
        ...{ id: `session_${i + 1}`, roomId: room.id, channelId: "voice", state: "active", metadata: {} },
        participantId: NAMES[i % NAMES.length] as string,
      };
      await kit.join(room.id, "voice", { session });
      this.#agoMs = lastsMs;
      const call = { session, random, host, status: statusOf(i, random) };
      this.#calls.set(session.id, call);
      host.emit("voice_session_started", {
        ...{ session, transport: i % 3 === 1 ? "websocket" : "webrtc" },
        providers: i % 5 === 4 ? { realtime: "openai" } : { stt: "deepgram", tts: "elevenlabs" },
        status: () => call.status,
      });
      const turns = Math.min(14, Math.floor(lastsMs / 25_000));
      for (let turn = 0; turn < turns; turn++) {
        this.#agoMs = lastsMs * (1 - (turn + 1) / (turns + 1));
        await this.#turn(call, `${session.id}:${turn}`, i === 6 && turn === turns - 1 ? 3 : 1);
      }
      this.#agoMs = 30_000;
      if (i === 3) host.emit("echo_suspected", { session, couplingDb: -14.6, delayMs: 182 });
      if (i === 8) host.emit("stt_error", { session, error: new RoomKitError("provider_timeout", "late") });
      if (i === 8)
        host.emit("ai_error", { roomId: room.id, channelId: "ai", error: new RoomKitError("rate_limited", "x") });
      this.#agoMs = 0;
    }
  }

  /** What goes on from now on: levels, states, now and then a turn. */
  talk(): void {
    let tick = 0;
    this.#timer = setInterval(() => {
      tick++;
      for (const call of this.#calls.values()) {
        const { session, host, random, status } = call;
        const roomId = session.roomId;
        if (tick % 30 === 0) call.status = { ...status, state: stateOf(random()) };
        const speaks = status.state === "speaking";
        const inbound = status.state === "listening" && random() > 0.3 ? -34 + random() * 16 : -62;
        host.notifyHooks("ON_INPUT_AUDIO_LEVEL", { session, roomId, db: inbound });
        if (speaks) host.notifyHooks("ON_OUTPUT_AUDIO_LEVEL", { session, roomId, db: -26 + random() * 12 });
      }
    }, 100);
  }

  end(id: string, reason: string): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call) call.host.emit("voice_session_ended", { session: call.session, reason });
  }

  /** A process that is gone without a word. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const each of this.inspectors) await each.close();
    for (const kit of this.#kits) await kit.close();
  }

  async #turn(
    { session, random, host }: Call & { readonly host: ChannelHost },
    turnId: string,
    slow: number,
  ): Promise<void> {
    const { roomId } = session;
    const of = { session, roomId };
    const endpointMs = 220 + random() * 180;
    const transcriptMs = endpointMs + 40 + random() * 120;
    const decidedMs = transcriptMs + (random() < 0.3 ? random() * 400 : 4);
    const firstTokenMs = decidedMs + (180 + random() * 380) * slow;
    const firstAudioMs = firstTokenMs + 60 + random() * 180;
    const metrics = {
      ...{ turnId, endpointMs, transcriptMs, decidedMs, firstTokenMs, firstAudioMs, replyMs: firstAudioMs + 12 },
      ...{ speechMs: 900 + random() * 3_000, decidedBy: "question", interrupted: random() < 0.15 },
    };
    host.notifyHooks("ON_TURN_COMPLETE", { ...of, turnId, text: "Can you tell me where my parcel is?" });
    if (random() < 0.25) {
      const call = { id: "c", name: TOOLS[Math.floor(random() * 3)] as string, arguments: {} };
      const isError = random() < 0.2;
      host.notifyHooks("ON_TOOL_CALL", {
        roomId,
        channelId: "ai",
        turnId,
        call,
        result: "",
        isError,
        durationMs: 90 + random() * 300,
      });
    }
    host.notifyHooks("ON_TURN_METRICS", { ...of, metrics });
    const record = { interrupted: false, unheard: "", playedMs: 3_000, confidence: "reported" } as const;
    host.notifyHooks("AFTER_TTS", { ...of, turnId, text: "It is in Bonn, on its way to you.", utterance: "u", record });
    // Hooks are told side by side.
    await new Promise(setImmediate);
  }
}

function stateOf(chance: number): SessionStatus["state"] {
  return chance < 0.45 ? "speaking" : chance < 0.9 ? "listening" : "thinking";
}

function statusOf(i: number, random: () => number): SessionStatus {
  const packets = i % 3 !== 1;
  const lost = i === 5 ? 640 : Math.floor(random() * 40);
  return {
    ...{ state: stateOf(random()), microphoneOff: i === 10, muted: false, outputMuted: false },
    quality: {
      inbound: packets
        ? {
            received: 9_000,
            lost,
            late: Math.floor(lost / 3),
            jitterMs: i === 5 ? 46 : 2 + random() * 9,
            concealedMs: lost * 20,
          }
        : undefined,
      underruns: packets ? undefined : Math.floor(random() * 3),
      ...{ droppedMs: 0, queuedMs: random() * 400 },
    },
    stages: [
      { role: "echoGuard", name: "echo-guard", state: "on" },
      { role: "agc", name: "agc", state: i % 2 === 0 ? "on" : "native" },
      { role: "denoiser", name: "rnnoise", state: i === 8 ? "failed" : "off" },
      { role: "vad", name: "silero", state: "on" },
    ],
  };
}
