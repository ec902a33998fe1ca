import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel, type VoiceChannelOptions } from "@roomkit/channel-voice";
import {
  type AudioPipeline,
  assertOptions,
  ChannelCategory,
  RoomKit,
  RoomKitError,
  type SttProvider,
  silence,
  silentLogger,
} from "@roomkit/core";
import { FakeBackend, VirtualClock } from "@roomkit/testing";
import { aligned, type Decision, type Difference, decisionsOf, differences, told } from "./decisions.ts";
import { type CallEntry, parseCall } from "./entries.ts";
import { patientStt } from "./patient-stt.ts";
import { samplesOf } from "./pcm.ts";
import { RecordedConnection } from "./recorded-connection.ts";
import { ReplayConnection } from "./replay-connection.ts";
import { replayDetector } from "./replay-detector.ts";
import { replayPath } from "./replay-path.ts";
import { replayAI, replayStt, replayTts } from "./replay-providers.ts";
import { CallWriter } from "./writer.ts";

/** The options of a voice channel that may be others than in the recorded call. */
export type ReplayOptions = Partial<Omit<VoiceChannelOptions, "backend" | "pipeline" | "stt" | "tts">>;

export interface ReplayCallOptions {
  /** Others than those in the file. */
  readonly options?: ReplayOptions | undefined;
  /** Another audio path, for a file with audio: one that needs no thread, and finds speech as the call's own is to. */
  readonly pipeline?: AudioPipeline | undefined;
  /** Another recogniser, behind that. The virtual clock stands still while it owes its last words, at most 30 s. */
  readonly stt?: SttProvider | undefined;
}

/** A call, run again. */
export interface Replay {
  readonly recorded: readonly Decision[];
  readonly replayed: readonly Decision[];
  /** What was decided otherwise, in order; empty: nothing. */
  readonly differences: readonly Difference[];
  /** The same for people: both, turn by turn. */
  toString(): string;
}

/** How long is waited after the last line, ms. */
const AFTER_MS = 20_000;
/** How far the clock is moved at once, ms. */
const STEP_MS = 20;

/**
 * Runs a file of {@link recordCall} again, on a virtual clock, through the real voice channel: with the same options it decides the same;
 * with others it shows what they would have made of the call. The caller does what they did, at the same times.
 *
 * @throws RoomKitError `invalid_recording`, `invalid_option`, `no_audio` for another pipeline where the file has no audio.
 */
export async function replayCall(file: string, given: ReplayCallOptions = {}): Promise<Replay> {
  assertOptions("replayCall", given, { object: ["options", "pipeline", "stt"] });
  const { options = {}, pipeline, stt } = given;
  if (stt && !pipeline)
    throw new RoomKitError("invalid_option", "replayCall: another recogniser needs a pipeline to give it the audio");
  const { header, entries } = parseCall(file);
  if (pipeline && !header.audio) throw new RoomKitError("no_audio", "the file has no audio to run a pipeline on");
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, logger: silentLogger });
  const backend = new FakeBackend();
  let begun = 0;
  const settings: ReplayOptions = { ...header.settings, ...options };
  const patient = stt && patientStt(stt);
  const voice = new VoiceChannel("voice", {
    ...(header.detector && { turnDetector: replayDetector(clock, entries) }),
    ...settings,
    backend,
    pipeline: pipeline ?? replayPath(header, entries),
    stt: patient?.stt ?? replayStt(clock, header, entries, () => begun),
    tts: replayTts(clock, header, entries),
  });
  kit.registerChannel(voice);
  kit.registerChannel(new AIChannel("ai", { provider: replayAI(clock, entries) }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const connection = new ReplayConnection(clock, header, entries);
  begun = clock.now();
  // As the file was written: of "mhm" alone the words stay, of a turn with more in it none do.
  const writer = new CallWriter(clock, header.transcripts, Number.POSITIVE_INFINITY);
  backend.bind(session, new RecordedConnection(connection, writer, (work) => work()));
  const pass = async (ms: number): Promise<void> => {
    // No more than one step where nobody is waited for.
    const step = patient ? STEP_MS : ms;
    for (let left = ms; left > 0; left -= step) {
      await patient?.settled();
      await clock.advance(Math.min(left, step));
    }
  };
  for (const entry of entries) await happen(entry, { clock, connection, begun, pass, voice, sessionId: session.id });
  await pass(AFTER_MS);
  await connection.close({ code: "client_closed", message: "the file is over" });
  const closing = kit.close();
  await clock.advance(AFTER_MS);
  await closing;
  const recorded = decisionsOf(entries);
  const replayed = aligned(recorded, decisionsOf(parseCall(writer.file(header)).entries));
  const different = differences(recorded, replayed);
  return { recorded, replayed, differences: different, toString: () => written(recorded, replayed) };
}

interface Running {
  readonly clock: VirtualClock;
  readonly connection: ReplayConnection;
  readonly begun: number;
  readonly pass: (ms: number) => Promise<void>;
  readonly voice: VoiceChannel;
  readonly sessionId: string;
}

/** What came from the caller, or was done by the application, comes again. */
async function happen(entry: CallEntry, { clock, connection, begun, pass, voice, sessionId }: Running): Promise<void> {
  const comes = (entry.k === "path" && !entry.own) || entry.k === "input" || entry.k === "close" || entry.k === "app";
  if (!comes) return;
  await pass(begun + entry.t - clock.now());
  if (entry.k === "path") {
    const { ms, at, pcm } = entry;
    const frame = silence(connection.inbound, ms, at);
    connection.hear(pcm === undefined ? frame : { ...frame, samples: samplesOf(pcm) });
  } else if (entry.k === "input") connection.input(entry.input);
  else if (entry.k === "close") await connection.close({ code: entry.code, message: "as it was recorded" });
  else if (entry.does === "say") {
    const { text, interruption } = entry;
    voice.say(sessionId, text, { interruption }).catch(() => {});
  } else if (entry.does === "interrupt") voice.interrupt(sessionId);
  else if (entry.does === "start") voice.activityStart(sessionId);
  else voice.activityEnd(sessionId);
}

function written(recorded: readonly Decision[], replayed: readonly Decision[]): string {
  const lines = Array.from({ length: Math.max(recorded.length, replayed.length) }, (_, i) => {
    const [a, b] = [recorded[i], replayed[i]];
    const at = (decision: Decision | undefined): string => (decision ? `${(decision.atMs / 1000).toFixed(2)} s` : "-");
    if (told(a) === told(b)) return [`  ${at(a)} ${told(a)}`];
    return [`- ${at(a)} ${told(a)}`, `+ ${at(b)} ${told(b)}`];
  });
  return lines.flat().join("\n");
}
