// A server whose calls are scripted, so that an ear can tell each word: run as a process of its own, or inside a test.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, voiceServerOptions, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import {
  type AIPart,
  type AIProvider,
  type AIRequest,
  type ConversationStore,
  type LeaseManager,
  type Logger,
  RoomKit,
  roomPerCaller,
  type SpeechPart,
  type SttProvider,
  type TtsProvider,
} from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";

const RATE = 24_000;
const WORD_MS = 240;
/** Silence after each word. */
const GAP_MS = 20;
/** The n-th word there is sounds like this level times n + 1. */
const LEVEL = 20;

export interface ScriptedNode {
  readonly port: number;
  readonly kit: RoomKit;
  readonly backend: WebSocketBackend;
  readonly server: Server;
  close(): Promise<void>;
}

export interface NodeOptions {
  readonly store: ConversationStore;
  readonly leases: LeaseManager;
  readonly logger: Logger;
  readonly port?: number | undefined;
  /** Told of each run of a tool, as it begins. */
  readonly onTool?: ((name: string) => void) | undefined;
  readonly toolMs?: number | undefined;
}

/** "say 5" is answered by `w<n>` of five words, "tool 5" by a tool first. What comes back from the log as begun is told. */
class CountingAI implements AIProvider {
  readonly name = "counting";
  readonly capabilities = { tools: true };

  async *generate(request: AIRequest): AsyncGenerator<AIPart> {
    const { messages } = request;
    const last = messages.at(-1);
    const question = messages.findLast(({ role }) => role === "user");
    const [, verb = "say", from = "0", count = "5"] =
      /(say|tool) (\d+) (\d+)[^\d]*$/.exec(typeof question?.content === "string" ? question.content : "") ?? [];
    if (verb === "tool" && last?.role !== "tool") {
      yield { type: "tool-call", id: `call-${from}`, name: "book", arguments: { from } };
      yield { type: "finish", reason: "tool-calls" };
      return;
    }
    const goesOn = /It ended: ".*?(?:w(\d+))?"\)$/s.exec(typeof last?.content === "string" ? last.content : "");
    if (goesOn) {
      const asked = /(\d+) (\d+)(?!.*\d+ \d+)/s.exec(JSON.stringify(messages.slice(0, -1)));
      const [start, many] = [Number(asked?.[1]), Number(asked?.[2])];
      for (let n = Number(goesOn[1] ?? start - 1) + 1; n < start + many; n++)
        yield { type: "text-delta", text: `w${n} ` };
      yield { type: "finish", reason: "stop" };
      return;
    }
    const words = Array.from({ length: Number(count) }, (_, i) => `w${Number(from) + i}`);
    for (const word of words) yield { type: "text-delta", text: `${word} ` };
    yield { type: "finish", reason: "stop" };
  }
}

/** A voice of which each word can be told by its level. */
const levels: TtsProvider = {
  name: "levels",
  capabilities: { streamingInput: true, wordTimings: true, sampleRate: RATE },
  async *synthesize(text, { signal }): AsyncGenerator<SpeechPart> {
    let at = 0;
    for await (const piece of text) {
      if (signal.aborted) return;
      yield { type: "segment", text: piece };
      for (const word of piece.split(/\s+/).filter(Boolean)) {
        const number = Number(/\d+/.exec(word)?.[0] ?? 0);
        const samples = new Int16Array((RATE * WORD_MS) / 1000).fill(LEVEL * (number + 1));
        samples.fill(0, samples.length - (RATE * GAP_MS) / 1000);
        yield { type: "words", words: [{ text: word, startMs: at, endMs: at + WORD_MS }] };
        at += WORD_MS;
        yield { type: "audio", frame: { samples, sampleRate: RATE, channels: 1, timestamp: 0 } };
      }
    }
  },
};

/** Callers type. */
const deaf: SttProvider = {
  name: "deaf",
  capabilities: { streaming: true, turnDetection: false, wordTimings: false },
  async *transcribe(audio) {
    for await (const _ of audio);
    yield { type: "final", text: "" };
  },
};

/** The words in what somebody heard, each with how much of it there was, 0 to 1. */
export function wordsIn(sound: readonly Int16Array[]): { readonly word: number; readonly share: number }[] {
  const words: { word: number; samples: number }[] = [];
  let between = true;
  for (const piece of sound) {
    for (const sample of piece) {
      const word = Math.round(sample / LEVEL) - 1;
      const last = words.at(-1);
      if (word < 0) between = true;
      else if (!between && last?.word === word) last.samples++;
      else words.push({ word, samples: 1 });
      if (word >= 0) between = false;
    }
  }
  const whole = (RATE * (WORD_MS - GAP_MS)) / 1000;
  return words.map(({ word, samples }) => ({ word, share: samples / whole }));
}

export async function startNode(options: NodeOptions): Promise<ScriptedNode> {
  const { store, leases, logger, onTool, toolMs = 300 } = options;
  const kit = new RoomKit({ store, leases, logger, keepSessions: true, leaseTtlMs: 2_000 });
  const backend = new WebSocketBackend({ logger, outputSampleRate: RATE });
  kit.registerChannel(
    new VoiceChannel("voice", {
      backend,
      stt: deaf,
      tts: levels,
      pipeline: audioPipeline({}),
      greeting: "w900 w901 w902",
    }),
  );
  kit.registerChannel(
    new AIChannel("ai", {
      provider: new CountingAI(),
      tools: [
        {
          name: "book",
          description: "Books a table.",
          parameters: { type: "object", properties: { from: { type: "string" } } },
          execute: async (args) => {
            onTool?.(`book ${(args as { from: string }).from}`);
            await new Promise((resolve) => setTimeout(resolve, toolMs));
            return "booked";
          },
        },
      ],
    }),
  );
  const server = createServer(voiceServerOptions, (_, response) => void response.writeHead(404).end());
  mountVoice(server, backend, {
    allowAnonymous: true,
    perAddressLimit: 100,
    sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    kit,
    backend,
    server,
    async close() {
      await kit.close();
      await backend.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
