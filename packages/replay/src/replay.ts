import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel, type VoiceChannelOptions } from "@roomkit/channel-voice";
import { assertOptions, ChannelCategory, RoomKit, silence, silentLogger } from "@roomkit/core";
import { FakeBackend, VirtualClock } from "@roomkit/testing";
import { type Decision, type Difference, decisionsOf, differences, told } from "./decisions.ts";
import { type CallEntry, parseCall } from "./entries.ts";
import { RecordedConnection } from "./recorded-connection.ts";
import { ReplayConnection } from "./replay-connection.ts";
import { replayPath } from "./replay-path.ts";
import { replayAI, replayStt, replayTts } from "./replay-providers.ts";
import { CallWriter } from "./writer.ts";

/** The options of a voice channel that may be others than in the recorded call. */
export type ReplayOptions = Partial<Omit<VoiceChannelOptions, "backend" | "pipeline" | "stt" | "tts">>;

export interface ReplayCallOptions {
  /** Others than those in the file. */
  readonly options?: ReplayOptions | undefined;
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

/**
 * Runs a file of {@link recordCall} again, on a virtual clock, through the real voice channel: with the same options it decides the same;
 * with others it shows what they would have made of the call. The caller does what they did, at the same times.
 *
 * @throws RoomKitError `invalid_recording`, `invalid_option`
 */
export async function replayCall(file: string, { options = {} }: ReplayCallOptions = {}): Promise<Replay> {
  assertOptions("replayCall", { options }, { object: ["options"] });
  const { header, entries } = parseCall(file);
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, logger: silentLogger });
  const backend = new FakeBackend();
  let begun = 0;
  const settings: ReplayOptions = { ...header.settings, ...options };
  kit.registerChannel(
    new VoiceChannel("voice", {
      ...settings,
      backend,
      pipeline: replayPath(header, entries),
      stt: replayStt(clock, header, entries, () => begun),
      tts: replayTts(clock, header, entries),
    }),
  );
  kit.registerChannel(new AIChannel("ai", { provider: replayAI(clock, entries) }));
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "voice");
  await kit.attachChannel(room.id, "ai", { category: ChannelCategory.INTELLIGENCE });
  const session = await backend.connect(room.id, "caller", "voice");
  await kit.join(room.id, "voice", { session });
  const connection = new ReplayConnection(clock, header, entries);
  begun = clock.now();
  const writer = new CallWriter(clock, true, Number.POSITIVE_INFINITY);
  backend.bind(session, new RecordedConnection(connection, writer, (work) => work()));
  for (const entry of entries) await happen(entry, { clock, connection, begun });
  await clock.advance(AFTER_MS);
  await connection.close({ code: "client_closed", message: "the file is over" });
  const closing = kit.close();
  await clock.advance(AFTER_MS);
  await closing;
  const [recorded, replayed] = [decisionsOf(entries), decisionsOf(parseCall(writer.file(header)).entries)];
  const different = differences(recorded, replayed);
  return { recorded, replayed, differences: different, toString: () => written(recorded, replayed) };
}

/** What came from the caller comes again. */
async function happen(
  entry: CallEntry,
  { clock, connection, begun }: { clock: VirtualClock; connection: ReplayConnection; begun: number },
): Promise<void> {
  const comes = (entry.k === "path" && !entry.own) || entry.k === "input" || entry.k === "close";
  if (!comes) return;
  const wait = begun + entry.t - clock.now();
  if (wait > 0) await clock.advance(wait);
  if (entry.k === "path") connection.hear(silence(connection.inbound, entry.ms, entry.at));
  else if (entry.k === "input") connection.input(entry.input);
  else await connection.close({ code: entry.code, message: "as it was recorded" });
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
