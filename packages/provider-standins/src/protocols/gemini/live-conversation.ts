import type {
  LiveClientContent,
  LiveClientMessage,
  LiveClientRealtimeInput,
  LiveClientSetup,
  LiveServerContent,
} from "@google/genai";
import { type Cancel, type Clock, systemClock } from "@roomkit/core";
import { samplesOfBytes } from "@roomkit/provider-utils";
import type { SocketExchange } from "../../server/socket-exchange.ts";
import type { AIScript } from "../ai-script.ts";
import { SpeechDetector } from "../realtime/speech-detector.ts";
import { audioOfText, MS_PER_CHARACTER, textOfAudio } from "../speech-audio.ts";
import type { GeminiLiveStandInOptions } from "./live-options.ts";

interface Said {
  readonly role: string;
  readonly text: string;
}

interface LiveSession {
  readonly contents: Said[];
  connection: SocketExchange | undefined;
}

/** Of the model. */
interface Turn {
  readonly cut: AbortController;
  text: string;
  /** When its first audio was sent, ms. */
  startedAt: number | undefined;
}

/** What outlives a connection. */
export interface LiveMemory {
  readonly sessions: Map<string, LiveSession>;
}

type Options = GeminiLiveStandInOptions & { readonly script: AIScript };

const IN_RATE = 16_000;
const OUT_RATE = 24_000;
/** Odd, so that every second piece ends in the middle of a sample. */
const CHUNK_BYTES = 4_801;

/** One connection. */
export class LiveConversation {
  readonly #exchange: SocketExchange;
  readonly #options: Options;
  readonly #memory: LiveMemory;
  #setup: LiveClientSetup | undefined;
  #session: LiveSession = { contents: [], connection: undefined };
  #handle = "";
  /** Content may not follow realtime input. */
  #realtime = false;
  #awaitsHistory = false;
  #detector: SpeechDetector | undefined;
  /** Speech between activityStart and activityEnd. */
  #activity: Buffer[] | undefined;
  #turn: Turn | undefined;
  /** Of a turn under way, where they come late. */
  #words = "";
  #calls = new Map<string, string>();
  #counter = 0;
  #timers: Cancel[] = [];

  constructor(exchange: SocketExchange, options: Options, memory: LiveMemory) {
    this.#exchange = exchange;
    this.#options = options;
    this.#memory = memory;
    exchange.onJson = (frame) => this.#receive(frame as LiveClientMessage);
    exchange.signal.addEventListener("abort", () => {
      for (const cancel of this.#timers) cancel();
      this.#turn?.cut.abort();
      if (this.#session.connection === exchange) this.#session.connection = undefined;
    });
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  /** As the vendor does, in binary messages. */
  #say(message: object): void {
    this.#exchange.send(message, { binary: true });
  }

  #content(serverContent: LiveServerContent): void {
    this.#say({ serverContent });
  }

  #refuse(code: number, reason: string): void {
    this.#exchange.close(code, reason);
  }

  #receive(message: LiveClientMessage): void {
    if (Object.keys(message).length !== 1) this.#refuse(1007, "Request contains an invalid argument.");
    else if (message.setup) this.#onSetup(message.setup);
    else if (!this.#setup) this.#refuse(1007, "setup must be the first message");
    else if (message.clientContent) this.#onContent(message.clientContent);
    else if (message.realtimeInput) this.#onRealtime(message.realtimeInput);
    else if (message.toolResponse) this.#onToolResponse(message.toolResponse.functionResponses);
  }

  #onSetup(setup: LiveClientSetup): void {
    const { models, goAwayMs, goAwayLeftMs = 2_000 } = this.#options;
    const model = (setup.model ?? "").replace("models/", "");
    if (this.#setup) {
      this.#refuse(1007, "setup was sent already");
      return;
    }
    if (!model || (models && !models.includes(model))) {
      this.#refuse(1008, `models/${model} is not found for API version v1beta, or is not supported`);
      return;
    }
    const old = setup.sessionResumption?.handle;
    if (old !== undefined) {
      const session = this.#memory.sessions.get(old);
      if (!session) {
        this.#refuse(1007, "Invalid session resumption handle.");
        return;
      }
      if (session.connection) {
        this.#refuse(1011, "the session is in use");
        return;
      }
      this.#session = session;
    }
    this.#session.connection = this.#exchange;
    this.#setup = setup;
    this.#awaitsHistory = setup.historyConfig?.initialHistoryInClientContent === true;
    const detection = setup.realtimeInputConfig?.automaticActivityDetection;
    if (!detection?.disabled)
      this.#detector = new SpeechDetector({
        sampleRate: IN_RATE,
        silenceMs: detection?.silenceDurationMs ?? 500,
        onStart: () => this.#onSpeech(),
        onEnd: (samples) => this.#heard(samples),
      });
    this.#say({ setupComplete: {} });
    this.#giveHandle();
    if (goAwayMs === undefined) return;
    this.#timers.push(
      this.#clock.setTimeout(() => this.#say({ goAway: { timeLeft: `${goAwayLeftMs / 1000}s` } }), goAwayMs),
      this.#clock.setTimeout(
        () => this.#refuse(1011, "Deadline expired before operation could complete."),
        goAwayMs + goAwayLeftMs,
      ),
    );
  }

  #onContent({ turns = [], turnComplete }: LiveClientContent): void {
    if (this.#realtime) {
      this.#refuse(1007, "content after realtime input");
      return;
    }
    for (const { role = "user", parts = [] } of turns)
      this.#session.contents.push({ role, text: parts.map(({ text = "" }) => text).join("") });
    if (!turnComplete) return;
    if (this.#awaitsHistory) this.#awaitsHistory = false;
    else void this.#respond();
  }

  #onRealtime({ audio, text, activityStart, activityEnd }: LiveClientRealtimeInput): void {
    if (this.#awaitsHistory) {
      this.#refuse(1007, "the history is not complete");
      return;
    }
    this.#realtime = true;
    if (text !== undefined) {
      if (/\p{Cc}/u.test(text.replace(/[\n\t]/g, ""))) {
        this.#refuse(1007, "Request contains an invalid argument.");
        return;
      }
      this.#interrupt();
      this.#session.contents.push({ role: "user", text });
      void this.#respond();
    }
    if (audio?.data !== undefined) {
      if (audio.mimeType !== "audio/pcm;rate=16000") {
        this.#refuse(1007, `no audio: ${audio.mimeType}`);
        return;
      }
      const bytes = Buffer.from(audio.data, "base64");
      if (this.#detector) this.#detector.push(samplesOfBytes(bytes));
      else this.#activity?.push(bytes);
    }
    if ((activityStart || activityEnd) && this.#detector) {
      this.#refuse(1007, "Explicit activity control is not supported when automatic activity detection is enabled.");
      return;
    }
    if (activityStart) {
      this.#activity = [];
      this.#onSpeech();
    }
    if (activityEnd && this.#activity) {
      const bytes = Buffer.concat(this.#activity);
      this.#activity = undefined;
      this.#heard(samplesOfBytes(bytes));
    }
  }

  #onToolResponse(responses: unknown): void {
    const valid = (each: { id?: unknown; name?: unknown; response?: unknown }): boolean =>
      this.#calls.get(String(each.id)) === each.name && typeof each.response === "object" && each.response !== null;
    if (!Array.isArray(responses) || responses.length === 0 || !responses.every(valid)) {
      this.#refuse(1007, "Request contains an invalid argument.");
      return;
    }
    const results: string[] = [];
    for (const { id, response } of responses) {
      this.#calls.delete(id);
      results.push(String(response.output ?? response.error ?? JSON.stringify(response)));
    }
    if (this.#calls.size === 0) void this.#respond(results);
  }

  #onSpeech(): void {
    this.#tellActivity("ACTIVITY_START");
    if (this.#setup?.realtimeInputConfig?.activityHandling !== "NO_INTERRUPTION") this.#interrupt();
  }

  #interrupt(): void {
    if (this.#calls.size > 0) this.#say({ toolCallCancellation: { ids: [...this.#calls.keys()] } });
    if (this.#turn || this.#calls.size > 0) {
      this.#calls.clear();
      if (this.#turn) this.#cut(this.#turn);
      this.#turn = undefined;
      this.#content({ interrupted: true });
      this.#content({ turnComplete: true });
      this.#tellWords();
    }
  }

  #cut(turn: Turn): void {
    turn.cut.abort();
    const { playsBack = false } = this.#options;
    if (!playsBack || turn.startedAt === undefined) return;
    const text = turn.text.slice(0, Math.floor((this.#clock.now() - turn.startedAt) / MS_PER_CHARACTER));
    if (text !== "") this.#session.contents.push({ role: "model", text });
  }

  #tellWords(): void {
    const text = this.#words;
    this.#words = "";
    if (text !== "") this.#content({ outputTranscription: { text } });
  }

  #tellActivity(voiceActivityType: string): void {
    if (this.#options.tellsActivity) this.#say({ voiceActivity: { voiceActivityType } });
  }

  #heard(samples: Int16Array): void {
    const { transcribe = textOfAudio, transcription = "early", ignoresSpeech } = this.#options;
    this.#tellActivity("ACTIVITY_END");
    if (ignoresSpeech) return;
    const text = transcribe(samples, IN_RATE).trim();
    this.#session.contents.push({ role: "user", text });
    const write = (): void => {
      if (!this.#setup?.inputAudioTranscription) return;
      for (const piece of text.split(/(?= )/)) this.#content({ inputTranscription: { text: piece } });
    };
    if (transcription === "early") write();
    const answered = this.#turn ? Promise.resolve() : this.#respond();
    if (transcription === "late") void answered.then(write);
  }

  async #respond(toolResults: readonly string[] = []): Promise<void> {
    const { script, pieceMs = 0, playsBack = false } = this.#options;
    const turn: Turn = { cut: new AbortController(), text: "", startedAt: undefined };
    this.#turn = turn;
    const userText = this.#session.contents.findLast(({ role }) => role === "user")?.text ?? "";
    const reply = script({
      userText,
      toolResults,
      body: { setup: this.#setup, contents: [...this.#session.contents] },
    });
    const over = async (ms = pieceMs): Promise<boolean> => {
      if (ms > 0) await this.#clock.sleep(ms, turn.cut.signal).catch(() => {});
      else await Promise.resolve();
      return turn.cut.signal.aborted;
    };
    for (const text of reply.text ?? []) {
      if (await over()) return;
      turn.text += text;
      turn.startedAt ??= this.#clock.now();
      const bytes = new Uint8Array(audioOfText(text, OUT_RATE).buffer);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        const data = Buffer.from(bytes.subarray(at, at + CHUNK_BYTES)).toString("base64");
        this.#content({ modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data } }] } });
      }
      if (!this.#setup?.outputAudioTranscription) continue;
      if (this.#options.lateWords) this.#words += text;
      else this.#content({ outputTranscription: { text } });
    }
    if (await over()) return;
    const { toolCalls = [] } = reply;
    if (toolCalls.length === 0) this.#content({ generationComplete: true });
    if (playsBack && turn.startedAt !== undefined) {
      const endsAt = turn.startedAt + turn.text.length * MS_PER_CHARACTER;
      if (await over(endsAt - this.#clock.now())) return;
    }
    if (turn.text !== "") this.#session.contents.push({ role: "model", text: turn.text });
    if (toolCalls.length > 0) {
      const functionCalls = toolCalls.map(({ id = `call_${++this.#counter}`, name, arguments: json }) => {
        this.#calls.set(id, name);
        return { id, name, args: JSON.parse(json || "{}") as Record<string, unknown> };
      });
      this.#turn = undefined;
      this.#say({ toolCall: { functionCalls } });
      return;
    }
    this.#turn = undefined;
    const { input = 20, output = 10 } = reply.usage ?? {};
    this.#say({
      serverContent: { turnComplete: true },
      usageMetadata: { promptTokenCount: input, responseTokenCount: output, totalTokenCount: input + output },
    });
    this.#tellWords();
    this.#giveHandle();
  }

  #giveHandle(): void {
    const { resumption = true } = this.#options;
    if (!resumption || !this.#setup?.sessionResumption) return;
    if (this.#exchange.signal.aborted) return;
    // Older handles stay good.
    this.#handle = `handle-${Math.random().toString(36).slice(2)}`;
    this.#memory.sessions.set(this.#handle, this.#session);
    this.#say({ sessionResumptionUpdate: { newHandle: this.#handle, resumable: true } });
  }
}
