import { AIChannel } from "@roomkit/channel-ai";
import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { VoiceChannel } from "@roomkit/channel-voice";
import { ChannelCategory, eventText, HookTrigger, RoomKit, sequentialIds, silence } from "@roomkit/core";
import { cascade } from "@roomkit/provider-cascade";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  ScriptedAI,
  ScriptedRealtime,
  ScriptedStt,
  ScriptedTts,
  VirtualClock,
} from "@roomkit/testing";

/** What hears and speaks in the call. */
export type Kind = "voice" | "cascade" | "vendor";

const REPLIES = [
  "It is sunny all day long.",
  "Tomorrow brings rain and a lot of wind.",
  "You are welcome.",
  "I would have to think about that one.",
  "That one is even harder to answer.",
] as const;
const SAID = ["what is the weather", "and what about tomorrow", "thank you"] as const;
const MS_PER_CHAR = 50;

/** What came of a call, in the order in which it came. */
export interface Column {
  /** All hooks, with what they were told. */
  readonly hooks: readonly string[];
  /** What the client was sent. */
  readonly messages: readonly string[];
  /** What the room keeps. */
  readonly events: readonly string[];
}

const ROUND = 10;
const near = (value: unknown): unknown => (typeof value === "number" ? Math.round(value / ROUND) * ROUND : value);

/** Ids by their order of appearance, so that columns can be compared. */
function namer(): (id: unknown) => string {
  const names = new Map<unknown, string>();
  return (id) => {
    if (!names.has(id)) names.set(id, `#${names.size + 1}`);
    return names.get(id) as string;
  };
}

/** One caller's call, the same whoever hears and speaks. */
export async function theCall(kind: Kind): Promise<Column> {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const backend = new FakeBackend(ids);
  const pipeline = new FakePipeline();
  const stt = new ScriptedStt(
    clock,
    SAID.map((text) => ({ partials: [text.split(" ").slice(0, 2).join(" ")], finals: [text], delayMs: 40 })),
  );
  const ai = new ScriptedAI(clock, [...REPLIES]);
  const tts = new ScriptedTts(clock, { msPerChar: MS_PER_CHAR, delayMs: 20 });
  const vendor = new ScriptedRealtime({ clock });
  if (kind === "voice") {
    kit.registerChannel(new VoiceChannel("line", { backend, stt, tts, pipeline }));
    kit.registerChannel(new AIChannel("ai", { provider: ai }));
  } else {
    const provider = kind === "vendor" ? vendor : cascade({ stt, ai, tts, pipeline, clock });
    kit.registerChannel(new RealtimeVoiceChannel("line", { provider, transport: backend }));
  }
  const room = await kit.createRoom();

  const hooks: string[] = [];
  const idOf = namer();
  const turnOf = namer();
  for (const trigger of Object.values(HookTrigger)) {
    kit.hook(trigger, (payload: unknown) => {
      const {
        channelId,
        text,
        written,
        utterance,
        turnId,
        heard,
        record,
        reason,
        digit,
        name,
        metrics,
        event,
        durationMs,
      } = payload as Record<string, unknown> & { record?: { interrupted: boolean; playedMs: number; unheard: string } };
      const told: Record<string, unknown> = {
        ...{ channelId, text, written, heard, reason, digit, name, durationMs: near(durationMs) },
        utterance: utterance && idOf(utterance),
        turn: turnId && turnOf(turnId),
        record: record && [record.interrupted, near(record.playedMs), record.unheard],
        metrics: metrics && stagesOf(metrics),
        event: event && eventText(event as never),
        cut: (event as { heard?: { interrupted: boolean } } | undefined)?.heard?.interrupted || undefined,
      };
      // The levels come every 100 ms: that they come is told once.
      const line = `${trigger} ${JSON.stringify(told)}`;
      if (!trigger.endsWith("_LEVEL") || !hooks.includes(line)) hooks.push(line);
    });
  }

  await kit.attachChannel(room.id, "line");
  if (kind === "voice") await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "line");
  await kit.join(room.id, "line", { session });
  const connection = new FakeConnection({ clock });
  backend.bind(session, connection);
  await clock.advance(20);

  let position = 0;
  const microphone = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 20, position += 20) {
      connection.hear(silence({ sampleRate: 16_000, channels: 1 }, 20, position));
      await clock.advance(20);
    }
  };
  let responses = 0;
  const remote = vendor.sessions[0];
  /** The vendor's answer, all of its audio at once, as vendors do. */
  const answer = (): void => {
    const text = REPLIES[responses] as string;
    const responseId = `r${++responses}`;
    const itemId = `i${responses}`;
    remote?.say({ type: "response-start", responseId });
    remote?.say({ type: "transcript", id: itemId, itemId, role: "assistant", text, final: false });
    for (let at = 0; at < text.length * MS_PER_CHAR; at += 20)
      remote?.say({
        type: "audio",
        responseId,
        itemId,
        frame: silence(remote.outbound, Math.min(20, text.length * MS_PER_CHAR - at), at),
      });
    remote?.say({ type: "transcript", id: itemId, itemId, role: "assistant", text, final: true });
    remote?.say({ type: "response-end", responseId, status: "completed" });
  };
  let spoken = 0;
  /** The caller says the next thing, and is silent until that is certain. `over`: somebody is speaking. */
  const speak = async (over: boolean): Promise<void> => {
    const text = SAID[spoken] as string;
    const id = `u${++spoken}`;
    const stream = pipeline.streams[0];
    await microphone(60);
    stream?.speechStart(60);
    // Over an answer it counts when so much of it interrupts.
    if (over) await microphone(220);
    remote?.say({ type: "speech-start" });
    remote?.say({ type: "transcript", id, role: "user", text: text.split(" ").slice(0, 2).join(" "), final: false });
    await microphone(over ? 280 : 500);
    await microphone(500);
    stream?.speechEnd(500);
    remote?.say({ type: "speech-end", durationMs: 560, silenceMs: 500 });
    await clock.advance(40);
    remote?.say({ type: "transcript", id, role: "user", text, final: false });
    await clock.advance(0);
    remote?.say({ type: "transcript", id, role: "user", text, final: true });
    await clock.advance(20);
    answer();
  };
  const type = async (text: string): Promise<void> => {
    connection.input({ type: "text", text });
    await clock.advance(20);
    answer();
  };

  await speak(false);
  await microphone(3_000);
  await speak(false);
  await microphone(600);
  // Breaks in on the second answer.
  await speak(true);
  await microphone(3_000);
  await type("and a typed question");
  await clock.advance(600);
  // Breaks in on the answer to it by typing again, and on the answer to that by pressing stop.
  await type("another one");
  await clock.advance(600);
  connection.input({ type: "interrupt" });
  await clock.advance(1_000);
  connection.input({ type: "dtmf", digit: "5" });
  connection.input({ type: "mute", muted: true });
  await microphone(200);
  connection.input({ type: "mute", muted: false });
  connection.input({ type: "data", name: "page", payload: { at: 3 } });
  await microphone(200);
  await connection.close({ code: "client_closed", message: "" });
  await clock.advance(6_000);

  const messageId = namer();
  const messages = connection.sent.map((message) => {
    const { id, utterance, turn, ...rest } = message as Record<string, unknown>;
    const told: Record<string, unknown> = {
      ...rest,
      id: id && messageId(id),
      utterance: utterance && messageId(utterance),
    };
    if (turn) told.turn = stagesOf(turn);
    return JSON.stringify(told);
  });
  const events = (await kit.timeline(room.id))
    .filter(({ content }) => content.type === "text")
    .map(({ source, heard, content, correlationId, ...event }) =>
      JSON.stringify({
        role: source.role,
        text: eventText({ content, source, ...event } as never),
        turn: correlationId && turnOf(correlationId),
        heard: heard && [heard.interrupted, near(heard.playedMs), heard.unheard],
        status: event.status,
      }),
    );
  const closing = kit.close();
  await clock.advance(20_000);
  await closing;
  return { hooks, messages, events };
}

/** What is told of a turn's time. Hooks hold up the answers of voice channels alone. */
function stagesOf(metrics: object): string[] {
  return Object.keys(metrics).filter((stage) => stage !== "hooksMs");
}
