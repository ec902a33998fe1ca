import { textOfAudio } from "@roomkit/provider-standins";
import { describe, expect, it } from "vitest";
import {
  answers,
  type Line,
  NUMBER,
  type RealtimeCall,
  said,
  startRealtimeCall,
  type VendorName,
} from "./realtime-call.fixture.ts";
import { until } from "./speech.fixture.ts";

const vendors: readonly VendorName[] = ["OpenAI", "Gemini"];
const lines: readonly Line[] = ["v1", "compat", "telephone"];
/** How far what the room takes for heard may be from what the caller's speaker has played, ms: exact, by the clock, by marks. */
const WITHIN_MS = { v1: 1, compat: 500, telephone: 450 } as const;
/** What is held when nobody calls. */
const NOTHING = {
  ...{ sockets: 0, sessions: 0, live: 0, suspended: 0, labels: 0, tokens: 0, waiting: 0 },
  ...{ calls: 0, timers: 0, atVendor: 0, connections: 0, room: "closed", page: 0 },
};

const answered = ({ log }: RealtimeCall, text: string): Promise<boolean> =>
  until(`"${text}"`, async () => (await log()).at(-1) === `assistant: ${text}`);

/** Greeted and answered, the caller breaks in on a story. */
async function interrupt(call: RealtimeCall): Promise<void> {
  const { caller } = call;
  await answered(call, answers.greeting);
  caller.say(said.weather);
  await answered(call, answers.weather);
  const before = caller.speaker.playedMs;
  caller.say(said.story);
  await until("the story", () => caller.speaker.playedMs > before + 1_000);
  caller.say(said.enough);
  await answered(call, answers.enough);
}

/** What is left of the call once the caller has hung up. */
async function hangUp({ caller, held, standIn }: RealtimeCall): Promise<void> {
  await caller.hangUp();
  const over = async (): Promise<boolean> => JSON.stringify(await held()) === JSON.stringify(NOTHING);
  await until("the end", over, 10_000).catch(() => {});
  expect(await held()).toEqual(NOTHING);
  await standIn.expectClean();
}

/** What the room took for heard of the story. */
async function heardOfStory(call: RealtimeCall): Promise<{ text: string; unheard: string; playedMs: number }> {
  const event = (await call.events()).find(({ heard }) => heard?.interrupted);
  if (event?.content.type !== "text" || !event.heard) throw new Error("nothing was interrupted");
  const { unheard, playedMs, confidence } = event.heard;
  expect(confidence).toBe(call.line === "compat" ? "estimated" : "reported");
  return { text: event.content.text, unheard, playedMs };
}

describe.each(vendors)("a whole call with %s", (vendor) => {
  it.concurrent.each(lines)("over %s", { timeout: 120_000 }, async (line) => {
    await using call = await startRealtimeCall(vendor, line, { gemini: { playsBack: true } });
    const { caller, standIn, sdk } = call;
    await interrupt(call);
    caller.type?.(said.typed);
    if (caller.type) await answered(call, answers.typed);
    caller.say(said.book);
    await answered(call, answers.booked);

    // The room keeps what was heard, in the order of speaking, and the client shows the same.
    const { text: heard, unheard, playedMs } = await heardOfStory(call);
    const typed = caller.type ? [`user: ${said.typed}`, `assistant: ${answers.typed}`] : [];
    const log = [
      `assistant: ${answers.greeting}`,
      ...[`user: ${said.weather}`, `assistant: ${answers.weather}`],
      ...[`user: ${said.story}`, `assistant: ${heard}`],
      ...[`user: ${said.enough}`, `assistant: ${answers.enough}`],
      ...typed,
      ...[`user: ${said.book}`, `assistant: ${answers.booked}`],
    ];
    expect(await call.log()).toEqual(log);
    expect(`${heard} ${unheard}`).toBe(answers.story);
    await until("the last line", () => caller.lines()?.length !== log.length - 1);
    expect(caller.lines() ?? log).toEqual(log);
    expect(call.booked).toEqual([{ guests: 2 }]);
    expect(call.sessions.map(({ call: from }) => from?.from)).toEqual([line === "telephone" ? NUMBER : undefined]);
    expect(call.phone?.strange ?? []).toEqual([]);

    // So much of it came out of the caller's speaker, and so much of it the vendor remembers.
    const whole = [answers.greeting, answers.weather, answers.enough, answers.booked, caller.type ? answers.typed : ""];
    const storyMs = caller.speaker.playedMs - whole.join("").length * 20;
    expect(Math.abs(storyMs - playedMs)).toBeLessThanOrEqual(WITHIN_MS[line]);
    expect(caller.clears()).toBe(1);
    if (sdk) {
      const sound = textOfAudio(caller.speaker.heard, 24_000);
      expect(sound.startsWith(`${answers.greeting}${answers.weather}${heard}`)).toBe(true);
    }
    const remembered = call.asked.at(-1)?.find(({ text }) => text.startsWith("Once upon"))?.text ?? "";
    expect(answers.story.startsWith(remembered)).toBe(true);
    if (vendor === "OpenAI") {
      const cuts = standIn.received().filter((frame) => (frame as { type?: string }).type?.endsWith("item.truncate"));
      expect(cuts).toEqual([expect.objectContaining({ audio_end_ms: playedMs })]);
      expect(remembered).toHaveLength(Math.ceil(playedMs / 20));
    } else expect(remembered.length).toBeLessThan(answers.story.length);

    // Every turn's time is told, and of the one that was cut off that it was.
    const [first = "", second = "", ...more] = new Set(call.metrics.map(({ turnId }) => turnId));
    expect(call.metrics.map(({ turnId, interrupted }) => [turnId, interrupted])).toEqual([
      ...[
        [first, false],
        [second, false],
        [second, true],
      ],
      ...more.map((turnId) => [turnId, false]),
    ]);
    expect(more).toHaveLength(caller.type ? 3 : 2);
    for (const { replyMs } of call.metrics) expect(replyMs).toBeGreaterThanOrEqual(0);
    if (sdk) expect(sdk.metrics).toEqual(call.metrics);
    await hangUp(call);
  });
});

it.concurrent.each(vendors)(
  "a call with %s whose words come late is kept in the order of speaking",
  {
    timeout: 120_000,
  },
  async (vendor) => {
    // Words of a question that come only after its answer was cut off belong to nothing Gemini tells of: there they come early.
    await using call = await startRealtimeCall(vendor, "v1", {
      openai: { lateWords: true, transcription: "late" },
      gemini: { lateWords: true, playsBack: true },
    });
    await interrupt(call);
    const { text: heard, unheard } = await heardOfStory(call);
    expect(await call.log()).toEqual([
      `assistant: ${answers.greeting}`,
      ...[`user: ${said.weather}`, `assistant: ${answers.weather}`],
      ...[`user: ${said.story}`, `assistant: ${heard}`],
      ...[`user: ${said.enough}`, `assistant: ${answers.enough}`],
    ]);
    expect(answers.story.startsWith(heard)).toBe(true);
    expect(answers.story.startsWith(`${heard} ${unheard}`.trim())).toBe(true);
    await hangUp(call);
  },
);

/** How far two are the same from their beginnings on, bytes. */
function sameFor(one: Buffer, other: Buffer): number {
  const at = one.findIndex((byte, i) => byte !== other[i]);
  return at < 0 ? one.length : at;
}

it("where a telephone and OpenAI both speak G.711, the vendor's bytes go to the caller and the caller's to it", {
  timeout: 90_000,
}, async () => {
  await using call = await startRealtimeCall("OpenAI", "telephone");
  await interrupt(call);
  const { standIn, phone } = call;
  const pcmu = { format: { type: "audio/pcmu" } };
  const [update] = standIn.received();
  expect(update).toMatchObject({ type: "session.update", session: { audio: { input: pcmu, output: pcmu } } });
  expect(call.resamplers()).toBe(0);

  const appended = standIn.received().filter((frame) => "audio" in (frame as object)) as { audio: string }[];
  const taken = Buffer.concat(appended.map(({ audio }) => Buffer.from(audio, "base64")));
  expect(taken.length).toBeGreaterThan(8_000 * 3);
  expect(sameFor(taken, Buffer.concat(phone?.sent ?? []))).toBe(taken.length);

  const made = new Map<string, Buffer[]>();
  for (const { dir, frame } of standIn.log) {
    const { type, item_id = "", delta = "" } = frame as { type?: string; item_id?: string; delta?: string };
    if (dir !== "out" || type !== "response.output_audio.delta") continue;
    made.set(item_id, [...(made.get(item_id) ?? []), Buffer.from(delta, "base64")]);
  }
  const items = [...made.values()].map((pieces) => Buffer.concat(pieces));
  let left = Buffer.concat(phone?.received ?? []);
  const played = items.map((item) => {
    const bytes = sameFor(item, left);
    left = left.subarray(bytes);
    return bytes;
  });
  expect(left).toHaveLength(0);
  // All of what was spoken to its end, and the beginning of the story.
  expect(played.map((bytes, i) => bytes === items[i]?.length)).toEqual([true, true, false, true]);
  expect(played[2]).toBeGreaterThan(8_000);
  await hangUp(call);
});
