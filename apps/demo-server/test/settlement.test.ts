import { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import { VoiceChannel } from "@roomkit/channel-voice";
import {
  type AudioFrame,
  eventText,
  frameDurationMs,
  type HeardRecord,
  type HeardReport,
  type PlaybackProgress,
  RoomKit,
  sequentialIds,
  silence,
  type Unsubscribe,
  type UtteranceId,
} from "@roomkit/core";
import {
  FakeBackend,
  FakeConnection,
  FakePipeline,
  ScriptedRealtime,
  ScriptedStt,
  ScriptedTts,
  seededRandom,
  VirtualClock,
} from "@roomkit/testing";
import { describe, expect, it } from "vitest";

const TEXT = "one two three four five six seven eight nine ten eleven twelve.";
const MS_PER_CHAR = 50;
const WHOLE_MS = TEXT.length * MS_PER_CHAR;

/** What happens to one utterance after its first audio was given, by when: ms after that. */
interface Script {
  readonly confidence: "reported" | "estimated";
  /** When the transport has sent all that it was given. */
  readonly sentAt: number;
  readonly reports: readonly { readonly at: number; readonly playedMs: number; readonly done: boolean }[];
  /** The application interrupts; what clearing the connection reports. */
  readonly cut?: { readonly at: number; readonly report: Omit<PlaybackProgress, "utterance"> | undefined } | undefined;
  readonly closedAt: number | undefined;
  /** When the words come, where they are not known before. */
  readonly wordsAt: number;
}

interface Outcome {
  /** When its end was told to the client; undefined when the client had gone. */
  readonly at: number | undefined;
  readonly heard: string;
  readonly record: HeardRecord | undefined;
}

/** A listener that plays nothing by itself: it reports what and when its script says. */
class ScriptedListener extends FakeConnection {
  readonly #now: () => number;
  readonly #listeners = new Set<(progress: PlaybackProgress) => void>();
  utterance: UtteranceId | undefined;
  givenMs = 0;
  startedAt = 0;
  endedAt: number | undefined;
  script: Script;

  constructor(clock: VirtualClock, script: Script) {
    super({ clock, id: "client", playback: script.confidence });
    this.#now = () => clock.now();
    this.script = script;
  }

  override get queuedMs(): number {
    return this.utterance === undefined ? 0 : Math.max(0, this.startedAt + this.script.sentAt - this.#now());
  }

  override get listeners(): number {
    return super.listeners + this.#listeners.size;
  }

  override play(utterance: UtteranceId, frame: AudioFrame): void {
    if (this.utterance === undefined) this.startedAt = this.#now();
    this.utterance ??= utterance;
    this.givenMs += frameDurationMs(frame);
  }

  override endUtterance(): void {}

  override async writable(): Promise<void> {}

  override clear(): HeardReport {
    const { utterance, closed } = this;
    const { report } = this.script.cut ?? {};
    return { utterances: utterance !== undefined && report && !closed ? [{ utterance, ...report }] : [] };
  }

  override onPlayback(listener: (progress: PlaybackProgress) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  override send(message: Parameters<FakeConnection["send"]>[0]): void {
    super.send(message);
    if (message.type === "utterance" && message.phase === "end" && !this.closed) this.endedAt ??= this.#now();
  }

  tell(progress: Omit<PlaybackProgress, "utterance">): void {
    const { utterance } = this;
    if (utterance === undefined) throw new Error("nothing was given");
    // Reports of what is not this one's are nobody's business.
    for (const listener of [...this.#listeners]) listener({ ...progress, utterance: "another", done: true });
    for (const listener of [...this.#listeners]) listener({ ...progress, utterance });
  }
}

/** The same utterance at the same listener, spoken by a voice or by a vendor. */
async function settle(kind: "voice" | "vendor", script: Script): Promise<Outcome> {
  const clock = new VirtualClock();
  const ids = sequentialIds();
  const kit = new RoomKit({ clock, ids });
  const backend = new FakeBackend(ids);
  const vendor = new ScriptedRealtime({ clock });
  const voice = new VoiceChannel("line", {
    ...{ backend, pipeline: new FakePipeline(), stt: new ScriptedStt(clock, []) },
    tts: new ScriptedTts(clock, { msPerChar: MS_PER_CHAR }),
    maxQueuedMs: 600_000,
  });
  const realtime = new RealtimeVoiceChannel("line", { provider: vendor, transport: backend });
  kit.registerChannel(kind === "voice" ? voice : realtime);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "line");
  const session = await backend.connect(room.id, "caller", "line");
  await kit.join(room.id, "line", { session });
  const connection = new ScriptedListener(clock, script);
  backend.bind(session, connection);
  await clock.advance(20);

  const remote = vendor.sessions[0];
  const words = (final: boolean): void =>
    remote?.say({ type: "transcript", id: "t", itemId: "i", role: "assistant", text: TEXT, final });
  const delivered = kind === "voice" ? voice.say(session.id, TEXT) : undefined;
  if (kind === "vendor") {
    remote?.say({ type: "response-start", responseId: "r" });
    for (let at = 0; at < WHOLE_MS; at += 50)
      remote?.say({ type: "audio", responseId: "r", itemId: "i", frame: silence(remote.outbound, 50, at) });
    remote?.say({ type: "response-end", responseId: "r", status: "completed" });
  }
  await clock.advance(0);
  const began = connection.startedAt;
  expect([began, connection.givenMs]).toEqual([clock.now(), WHOLE_MS]);

  const { confidence, reports, cut, closedAt, wordsAt } = script;
  const due: { readonly at: number; readonly act: () => unknown }[] = reports.map(({ at, ...report }) => ({
    at,
    act: () => connection.tell({ ...report, confidence }),
  }));
  if (cut) due.push({ at: cut.at, act: () => (kind === "voice" ? voice : realtime).interrupt(session.id, "stop") });
  if (closedAt !== undefined) due.push({ at: closedAt, act: () => connection.close({ code: "gone", message: "" }) });
  due.push({ at: wordsAt, act: () => words(true) });
  for (const { at, act } of due.sort((a, b) => a.at - b.at)) {
    await clock.advance(began + at - clock.now());
    act();
  }
  await clock.advance(60_000);
  await connection.close();
  await clock.advance(10_000);
  expect([clock.pendingTimers, connection.listeners]).toEqual([0, 0]);
  const [event] = (await kit.timeline(room.id)).filter(({ content }) => content.type === "text");
  const said = await delivered;
  const at = connection.endedAt === undefined ? undefined : connection.endedAt - began;
  if (said) return { at, heard: said.text, record: said.heard };
  return { at, heard: event ? eventText(event) : "", record: event?.heard };
}

/** What the table in `Playback` says of an utterance of which all audio was given at once. */
function expected({ confidence, sentAt, reports, cut, closedAt }: Script) {
  const events = [
    ...reports.map((report) => ({ kind: "report" as const, ...report })),
    ...(cut ? [{ kind: "cut" as const, at: cut.at }] : []),
    ...(closedAt === undefined ? [] : [{ kind: "close" as const, at: closedAt }]),
  ].sort((a, b) => a.at - b.at);
  let position: { playedMs: number; confidence: string } | undefined;
  let deadline = sentAt + 5_000;
  let interrupted = false;
  const result = (at: number | undefined) => ({ at, interrupted, position });
  for (const event of events) {
    if (event.at >= deadline) break;
    if (event.kind === "close") {
      interrupted = true;
      return result(undefined);
    }
    if (event.kind === "report") {
      position = { playedMs: event.playedMs, confidence };
      if (event.done) return result(event.at);
    } else {
      interrupted = true;
      const { report } = cut ?? {};
      position = report ?? position;
      if (report?.done || position?.confidence === "estimated") return result(event.at);
      deadline = event.at + 500;
    }
  }
  return result(deadline);
}

function scriptOf(seed: number): Script {
  const random = seededRandom(seed);
  const maybe = (chance: number): boolean => random() < chance;
  const confidence: Script["confidence"] = maybe(0.7) ? "reported" : "estimated";
  const sentAt = maybe(0.8) ? WHOLE_MS - 200 : WHOLE_MS + 9_000;
  const cutAt = maybe(0.6) ? Math.floor(random() * (sentAt + 1_000)) : undefined;
  const played = (at: number): number => Math.min(WHOLE_MS, at);
  const reports: { at: number; playedMs: number; done: boolean }[] = [];
  const silent = maybe(0.2);
  for (let at = 250; at < (cutAt ?? sentAt) && !silent; at += 250 + Math.floor(random() * 200))
    reports.push({ at, playedMs: played(at), done: false });
  const count = (at: number, playedMs: number): void => {
    reports.push({ at, playedMs, done: true });
    // Nothing counts after that.
    if (maybe(0.3)) reports.push({ at: at + 10, playedMs: 1, done: maybe(0.5) });
  };
  if (cutAt === undefined && maybe(0.7)) count(sentAt + Math.floor(random() * 3_000), WHOLE_MS - (maybe(0.3) ? 40 : 0));
  const done = confidence === "estimated" || maybe(0.2);
  const report = maybe(0.8) ? { playedMs: played(cutAt ?? 0), confidence, done } : undefined;
  const cut = cutAt === undefined ? undefined : ({ at: cutAt, report } as const);
  if (cutAt !== undefined && maybe(0.6)) count(cutAt + 1 + Math.floor(random() * 900), Math.max(0, played(cutAt) - 30));
  const end = reports.at(-1)?.at ?? sentAt;
  return {
    ...{ confidence, sentAt, reports, cut },
    closedAt: maybe(0.25) ? Math.floor(random() * (end + 500)) + 1 : undefined,
    wordsAt: maybe(0.5) ? 1 : Math.floor(random() * end),
  };
}

describe("an utterance is settled the same, whoever speaks it", () => {
  it.each(Array.from({ length: 80 }, (_, i) => i + 1))("in any order (%i)", async (seed) => {
    const script = scriptOf(seed);
    const { at, interrupted, position } = expected(script);
    const [voice, vendor] = [await settle("voice", script), await settle("vendor", script)];
    const told = JSON.stringify(script);
    expect([voice.at, vendor.at], told).toEqual([at, at]);
    const playedMs = Math.round(position?.playedMs ?? (interrupted ? 0 : WHOLE_MS));
    const record = { interrupted, playedMs, confidence: position?.confidence ?? script.confidence };
    expect(voice.record, told).toMatchObject(record);
    const unknown = script.closedAt !== undefined && script.wordsAt > script.closedAt && at === undefined;
    // What nobody heard anything of, or told the words of, is nothing that was said.
    if (unknown) expect(vendor.heard, told).toBe("");
    else if (vendor.heard !== "") expect(vendor.record, told).toMatchObject(record);
    else expect(voice.heard.split(" ").length, told).toBeLessThanOrEqual(1);
    const whole = !interrupted && playedMs + 200 >= WHOLE_MS;
    for (const { heard, record: kept } of unknown ? [voice] : [voice, vendor]) {
      if (whole) expect([heard, kept?.unheard], told).toEqual([TEXT, ""]);
      // Where a word ends is an estimate, one word wide.
      else expect(Math.abs(heard.length - playedMs / MS_PER_CHAR), told).toBeLessThanOrEqual(8);
    }
  });
});
