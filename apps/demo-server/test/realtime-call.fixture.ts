import { type SessionFactoryContext, twilioAuth } from "@roomkit/backend-ws";
import { defineTool } from "@roomkit/channel-ai";
import { mulaw } from "@roomkit/codec-mulaw";
import {
  type Clock,
  makeClock,
  type RealtimeProvider,
  type RoomEvent,
  systemClock,
  type TurnMetrics,
} from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { geminiLive } from "@roomkit/provider-gemini";
import { openaiRealtime } from "@roomkit/provider-openai";
import {
  audioOfText,
  type GeminiLiveStandInOptions,
  geminiLiveRoute,
  MS_PER_CHARACTER,
  type OpenAIRealtimeStandInOptions,
  openaiRealtimeRoute,
  type ScriptedReply,
  type ScriptedRequest,
  StandIn,
} from "@roomkit/provider-standins";
import { PhoneClient } from "./phone-client.fixture.ts";
import { serveRealtime } from "./realtime-server.fixture.ts";
import { SdkClient } from "./sdk-client.fixture.ts";
import type { Speaker } from "./speaker.fixture.ts";
import { until } from "./speech.fixture.ts";
import { WireClient } from "./wire-client.fixture.ts";

const key = "a-key-that-opens-nothing";
const account = { authToken: "12345", publicUrl: "https://voice.example" } as const;
export const NUMBER = "+4912345";

/** What the caller says. A line that codes or resamples leaves of the stand-ins' speech how long it is: by that they know it. */
export const said = {
  weather: "what will the weather be like tomorrow",
  story: "tell me a story, please",
  enough: "stop it, that was quite enough of stories for me now",
  typed: "and what did i say before",
  book: "book me a table",
} as const;

/** What the model says. */
export const answers = {
  greeting: "Good morning, what can I do?",
  weather: "Sunny in the morning, and rain in the afternoon.",
  story: `Once upon a time there was ${"a king who had a castle and ".repeat(8)}a dog.`,
  enough: "Then let us talk of something else.",
  typed: "You asked about the weather.",
  booked: "Your table is booked.",
} as const;

export type VendorName = "OpenAI" | "Gemini";
export type Line = "v1" | "compat" | "telephone";

export interface CallOptions {
  readonly openai?: OpenAIRealtimeStandInOptions;
  readonly gemini?: GeminiLiveStandInOptions;
}

/** Which of the caller's lines is as long as this. */
function recognise(samples: Int16Array, sampleRate: number): string {
  const end = samples.findLastIndex((sample) => Math.abs(sample) >= 500) + 1;
  const length = ((end / sampleRate) * 1000) / MS_PER_CHARACTER;
  const off = (text: string): number => Math.abs(text.length - length);
  const [nearest] = Object.values(said).sort((a, b) => off(a) - off(b));
  return nearest !== undefined && off(nearest) < 3 ? nearest : `? ${length}`;
}

/** What the stand-in's model was told, each time it was asked for an answer: the conversation as it stood then. */
type Conversation = readonly { readonly role: string; readonly text: string }[];

function script(asked: Conversation[]): (request: ScriptedRequest) => ScriptedReply {
  return ({ userText, toolResults, body }) => {
    const { items, contents } = body as { items?: Conversation; contents?: Conversation };
    asked.push(structuredClone(items ?? contents ?? []));
    // In pieces, as models speak.
    const say = (text: string): ScriptedReply => ({ text: text.match(/.{1,24}/g) ?? [] });
    if (toolResults.length > 0) return say(answers.booked);
    if (userText === said.book) return { toolCalls: [{ name: "book", arguments: '{"guests":2}' }] };
    const known = Object.entries(said).find(([, text]) => text === userText)?.[0] as keyof typeof answers | undefined;
    return say(answers[known ?? "greeting"]);
  };
}

/** The system's time, and how many wait for it. */
function countedClock(): Clock & { readonly waiting: number } {
  const waiting = new Set<object>();
  const clock = makeClock({
    now: () => systemClock.now(),
    wallTime: () => systemClock.wallTime(),
    setTimeout(handler, ms) {
      const entry = {};
      waiting.add(entry);
      const cancel = systemClock.setTimeout(() => {
        waiting.delete(entry);
        handler();
      }, ms);
      return () => {
        waiting.delete(entry);
        cancel();
      };
    },
  });
  return Object.defineProperty(clock, "waiting", { get: () => waiting.size }) as Clock & { readonly waiting: number };
}

interface Caller {
  readonly speaker: Speaker;
  say(text: string): void;
  type?(text: string): void;
  hangUp(): Promise<void>;
  /** How often the caller was told to be silent at once. */
  clears(): number;
  /** What the client has shown; undefined where it shows nothing. */
  lines(): string[] | undefined;
}

export interface RealtimeCall extends AsyncDisposable {
  readonly line: Line;
  readonly caller: Caller;
  readonly phone: PhoneClient | undefined;
  readonly sdk: SdkClient | undefined;
  readonly standIn: StandIn;
  /** What the model was told at each answer. */
  readonly asked: readonly Conversation[];
  readonly metrics: readonly TurnMetrics[];
  readonly booked: readonly unknown[];
  readonly sessions: readonly SessionFactoryContext[];
  readonly resamplers: () => number;
  events(): Promise<readonly RoomEvent[]>;
  /** `role: text` of what was said. */
  log(): Promise<string[]>;
  /** What is held for calls, anywhere. */
  held(): Promise<Record<string, unknown>>;
}

/** A server whose voice is a vendor's stand-in, and one caller on a real socket. */
export async function startRealtimeCall(
  vendor: VendorName,
  line: Line,
  options: CallOptions = {},
): Promise<RealtimeCall> {
  const asked: Conversation[] = [];
  const spoken = { script: script(asked), transcribe: recognise, pieceMs: 20 };
  const standIn = await StandIn.start(
    vendor === "OpenAI"
      ? openaiRealtimeRoute({ ...spoken, codec: mulaw(), ...options.openai })
      : geminiLiveRoute({ ...spoken, ...options.gemini }),
  );
  const clock = countedClock();
  const provider: RealtimeProvider =
    vendor === "OpenAI"
      ? openaiRealtime({
          ...{ apiKey: key, baseURL: `${standIn.url}/v1`, clock },
          codec: mulaw(),
          turnDetection: { type: "server_vad", silenceDurationMs: 300 },
        })
      : geminiLive({ apiKey: key, baseURL: standIn.url, clock, activityDetection: { silenceDurationMs: 300 } });
  const booked: unknown[] = [];
  let resamplers = 0;
  const served = await serveRealtime({
    ...{ provider, clock },
    channel: {
      greetingPrompt: "Greet the caller.",
      createResampler: (from, to) => {
        resamplers++;
        return createResampler(from, to);
      },
      tools: [
        defineTool({
          name: "book",
          description: "Books a table.",
          parameters: { type: "object", properties: { guests: { type: "integer" } }, required: ["guests"] },
          execute: (input) => {
            booked.push(input);
            return "booked";
          },
        }),
      ],
    },
    mount: { telephone: { publicUrl: account.publicUrl, auth: twilioAuth(account) } },
  });
  const { kit, backend, channel, server, url, sessions, events, log } = served;
  const metrics: TurnMetrics[] = [];
  kit.hook("ON_TURN_METRICS", (told) => void metrics.push(told.metrics));
  const phone =
    line === "telephone" ? await PhoneClient.call(url, account, { from: NUMBER, to: "+4954321", sid: "1" }) : undefined;
  const sdk = line === "v1" ? await SdkClient.call(url) : undefined;
  const caller = phone ? onPhone(phone) : sdk ? inPage(sdk) : onWire(new WireClient(url, "wire"));
  await until("the session", served.called);
  return {
    ...{ line, caller, phone, sdk, standIn, asked, metrics, booked, sessions, events, log },
    resamplers: () => resamplers,
    held: async () => ({
      ...backend.counts,
      ...backend.held,
      calls: channel.sessions.length,
      timers: clock.waiting,
      atVendor: standIn.openConnections,
      connections: await new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
      room: await served.roomStatus(),
      page: sdk?.listeners.size ?? 0,
    }),
    [Symbol.asyncDispose]: async () => {
      await caller.hangUp();
      await served.close();
      await standIn.close();
    },
  };
}

function onPhone(client: PhoneClient): Caller {
  return {
    speaker: client.speaker,
    say: (text) => client.say(audioOfText(text, 8_000)),
    hangUp: () => client.hangUp(),
    clears: () => client.clears,
    lines: () => undefined,
  };
}

function inPage(client: SdkClient): Caller {
  return {
    speaker: client.speaker,
    say: (text) => client.say(audioOfText(text, 16_000)),
    type: (text) => client.client.sendText(text),
    hangUp: () => client.hangUp(),
    clears: () => client.clears,
    lines: () => client.lines,
  };
}

function onWire(client: WireClient): Caller {
  return {
    speaker: client.speaker,
    say: (text) => client.say({ samples: audioOfText(text, 48_000), sampleRate: 48_000 }),
    hangUp: async () => client.stop(),
    clears: () => client.others.filter(({ type }) => type === "clear_audio").length,
    lines: () => client.transcriptions.map(({ role, text }) => `${role}: ${text}`),
  };
}
