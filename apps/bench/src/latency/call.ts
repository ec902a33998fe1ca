import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel, type VoiceChannelOptions } from "@roomkit/channel-voice";
import { mulaw } from "@roomkit/codec-mulaw";
import { type AIPart, type AIProvider, ChannelCategory, RoomKit, roomPerCaller, silentLogger } from "@roomkit/core";
import { whiteNoise } from "@roomkit/testing";
import { FRAME, PhoneClient, RATE } from "./client.ts";

const FRAME_MS = 20;
/** Nobody waits longer for an answer, or for silence, ms. */
const PATIENCE_MS = 6_000;
/** Between two attempts, ms. */
const PAUSE_MS = 700;
/** RMS of a quiet line. */
const LINE_NOISE = 15;

/** The part of a stack that is measured. */
export type Stack = Pick<VoiceChannelOptions, "stt" | "tts" | "pipeline" | "turnDetector" | "interruption">;

/** A call in real time over a real socket, whose caller asks and interrupts. */
export class MeasuredCall {
  readonly #client: PhoneClient;
  readonly #end: () => Promise<void>;
  readonly #noise = whiteNoise(RATE, 4_000, LINE_NOISE, 5);
  #frames = 0;
  #next = performance.now();

  private constructor(client: PhoneClient, end: () => Promise<void>) {
    this.#client = client;
    this.#end = end;
  }

  /** @param answer what the model says to anything */
  static async begin(stack: Stack, answer: () => string): Promise<MeasuredCall> {
    const kit = new RoomKit({ logger: silentLogger });
    const backend = new WebSocketBackend({ codec: mulaw(), logger: silentLogger });
    kit.registerChannel(new VoiceChannel("voice", { backend, ...stack }));
    kit.registerChannel(new AIChannel("ai", { provider: instantAI(answer) }));
    const server = createServer();
    const channels = ["voice", { id: "ai", category: ChannelCategory.INTELLIGENCE }];
    mountVoice(server, backend, { allowAnonymous: true, sessionFactory: roomPerCaller(kit, { channels }) });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = new PhoneClient(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice/websocket/offer`);
    await client.connect();
    return new MeasuredCall(client, async () => {
      client.close();
      await Promise.all([kit.close(), backend.close()]);
      server.close();
    });
  }

  /** Asks, and waits for the first sound of the answer: how long after the question's last sound it came, ms; undefined: never. */
  async ask(question: Int16Array): Promise<number | undefined> {
    this.#client.soundAt = undefined;
    const endedAt = await this.#speak(question);
    await this.#listen(() => this.#client.soundAt !== undefined, PATIENCE_MS);
    const { soundAt } = this.#client;
    return soundAt === undefined ? undefined : soundAt - endedAt;
  }

  /** Speaks over the answer: how long after the first sound of it the assistant was silent, ms; undefined: never. */
  async interrupt(words: Int16Array, afterMs: number): Promise<number | undefined> {
    await this.#listen(() => false, afterMs);
    this.#client.silentAt = undefined;
    const beganAt = this.#next;
    await this.#speak(words);
    await this.#listen(() => this.#client.silentAt !== undefined, 1_500);
    const { silentAt } = this.#client;
    return silentAt === undefined ? undefined : silentAt - beganAt;
  }

  /** Lets the assistant finish. */
  async rest(): Promise<void> {
    await this.#listen(() => false, PAUSE_MS);
  }

  end(): Promise<void> {
    return this.#end();
  }

  /** When the last sound was sent. */
  async #speak(samples: Int16Array): Promise<number> {
    for (let at = 0; at < samples.length; at += FRAME) await this.#send(samples.subarray(at, at + FRAME));
    return performance.now();
  }

  async #listen(done: () => boolean, atMostMs: number): Promise<void> {
    for (let ms = 0; ms < atMostMs && !done(); ms += FRAME_MS) await this.#send(new Int16Array(0));
  }

  /** The frame goes out when its last sample has been spoken. */
  async #send(said: Int16Array): Promise<void> {
    this.#next += FRAME_MS;
    const from = (this.#frames++ * FRAME) % (this.#noise.length - FRAME);
    const frame = this.#noise.slice(from, from + FRAME);
    said.forEach((sample, i) => {
      frame[i] = Math.max(-32_768, Math.min(32_767, sample + (frame[i] ?? 0)));
    });
    const waitMs = this.#next - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // Held up by whoever measures: the line goes on from here.
    else if (waitMs < -100) this.#next = performance.now();
    this.#client.send(frame);
  }
}

function instantAI(answer: () => string): AIProvider {
  return {
    name: "instant-ai",
    capabilities: { tools: false },
    async *generate(): AsyncGenerator<AIPart> {
      yield { type: "text-delta", text: answer() };
      yield { type: "finish", reason: "stop" };
    },
  };
}
