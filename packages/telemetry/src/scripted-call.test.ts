import { AIChannel, defineTool } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { type AIPart, ChannelCategory, RoomKit, sequentialIds, silentLogger } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { CallerLab, heardWords, ScriptedAI } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { expect, it } from "vitest";
import { z } from "zod";
import { logCalls } from "./logs/log-calls.ts";
import { millis, SpanRecorder } from "./told.fixture.ts";
import { traceCalls } from "./traces/trace-calls.ts";

const toolCall: readonly AIPart[] = [
  { type: "tool-call", id: "c1", name: "find_parcel", arguments: { number: "7" } },
  { type: "finish", reason: "tool-calls", usage: { inputTokens: 90, outputTokens: 12 } },
];
const found: readonly AIPart[] = [
  { type: "text-delta", text: "It is in Bonn, on a van that comes to you tomorrow before noon. " },
  { type: "text-delta", text: "You need not be at home, for it fits into your letter box." },
  { type: "finish", reason: "stop", usage: { inputTokens: 110, outputTokens: 24 } },
];

/** A caller asks, a tool is called, they break in on the answer and ask again, and hang up in the middle of the next. */
async function scriptedCall() {
  const lab = new CallerLab({ seed: 7, network: { delayMs: 40, jitterMs: 20 } });
  const { backend, clock } = lab;
  const spans = new SpanRecorder();
  const lines: Readonly<Record<string, unknown>>[] = [];
  const kit = new RoomKit({ clock, ids: sequentialIds(), logger: silentLogger });
  traceCalls(kit, { clock, tracerProvider: spans.provider });
  logCalls(kit, { info: (fields) => lines.push(fields) }, { clock });
  kit.hook("ON_TRANSCRIPTION", () => clock.sleep(15).then(() => undefined));
  const pipeline = audioPipeline({ vad: energyVad(), logger: silentLogger });
  const voice = { backend, pipeline, stt: lab.recogniser(), tts: lab.voice(), greeting: "Hello." };
  kit.registerChannel(new VoiceChannel("voice", voice));
  const find = defineTool({
    ...{ name: "find_parcel", description: "Finds a parcel.", parameters: z.object({ number: z.string() }) },
    execute: async () => {
      await clock.sleep(120);
      return "in Bonn";
    },
  });
  const answers = [
    toolCall,
    found,
    "Of course. It is in Cologne, and stays there until somebody comes for it.",
    "Bye.",
  ];
  kit.registerChannel(new AIChannel("ai", { provider: new ScriptedAI(clock, answers, 40), tools: [find] }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  lab.pickUp(session);
  lab.caller
    .pauses(2_000)
    .says("Where is my parcel?")
    .until(heardWords(5))
    .says("Sorry, I meant the other parcel.")
    .until(heardWords(9))
    .hangsUp();
  await lab.run();
  await lab.close();
  await clock.advance(12_000);
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  return { spans, lines };
}

it("a real call as a trace: tool, barge-in, hang-up", { timeout: 60_000 }, async () => {
  const { spans, lines } = await scriptedCall();
  const text = spans.text();
  const shape = text.replace(/ [\d-]+$/gm, "").split("\n");
  expect(shape.slice(0, 2)).toEqual(["voice.session", "  turn"]);
  expect(shape.filter((row) => row === "  turn")).toHaveLength(2);
  const [first = [], second = []] = text
    .split(/^ {2}turn .*$/m)
    .slice(1)
    .map((turn) => turn.match(/[a-z]+(?= \d)/g) ?? []);
  expect([...first].sort()).toEqual(["endpoint", "hooks", "llm", "playout", "stt", "tool", "tts"]);
  expect([...second].sort()).toEqual(["endpoint", "hooks", "llm", "playout", "stt", "tts"]);
  const [one, two] = spans.named("turn");
  expect([one?.attributes["roomkit.interrupted"], two?.attributes["roomkit.interrupted"]]).toEqual([true, false]);
  const [hooks] = spans.named("hooks");
  expect(millis(hooks?.duration ?? [0, 0])).toBe(15);
  const [tool] = spans.named("tool");
  expect(millis(tool?.duration ?? [0, 0])).toBe(120);
  const [llm] = spans.named("llm");
  expect(llm?.attributes).toMatchObject({ "gen_ai.usage.input_tokens": 200, "roomkit.reply.status": "completed" });
  expect(spans.ended.length).toBe(spans.begun);
  expect(lines.map(({ event }) => event)).toEqual(["turn", "turn", "call"]);
  expect(lines.at(-1)).toMatchObject({
    turns: 2,
    toolCalls: 1,
    transport: "fake",
    stt: "lab-recogniser",
    tts: "lab-voice",
  });
  expect(JSON.stringify([lines, spans.ended.map(({ attributes }) => attributes)])).not.toMatch(/parcel\?|Bonn|Cologne/);
});
