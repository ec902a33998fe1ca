import { eventText, type RoomEvent } from "@roomkit/core";
import { openPostgresStore } from "@roomkit/store-postgres";
import { seededRandom } from "@roomkit/testing";
import WebSocket from "ws";
import { SdkClient } from "../sdk-client.fixture.ts";
import { Balancer, type NodeProcess, nodes } from "./cluster.fixture.ts";
import { wordsIn } from "./node.fixture.ts";

export interface ChaosOptions {
  /** PostgreSQL's URL. */
  readonly url: string;
  readonly kills: number;
  readonly callers: number;
  readonly seed: number;
  /** `SIGSTOP`: it stands still for `stallMs`, and goes on then. */
  readonly signal?: "SIGKILL" | "SIGTERM" | "SIGSTOP" | undefined;
  readonly stallMs?: number | undefined;
}

export interface ChaosReport {
  /** Calls that lost their process in the middle. */
  readonly moments: number;
  readonly turns: number;
  readonly toolRuns: number;
  /** Questions that were on their way when a process was killed, and asked again. */
  readonly askedAgain: number;
  /** From the loss of the connection to the session's being there again, ms, the shortest first. */
  readonly awayMs: readonly number[];
  /** What must not be, in words. */
  readonly faults: readonly string[];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** A question of which nobody has taken notice for so long did not arrive, ms. */
const UNNOTICED_MS = 5_000;
/** An answer may take so long, its words and an interruption included, ms. */
const ANSWER_MS = 60_000;
/** An answer is over when nothing has been heard in so many looks, 20 ms apart. */
const QUIET_LOOKS = 40;

/** A browser's: it throws nothing where it is refused. */
class Socket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    this.on("error", () => {});
  }
}

/** A caller who asks and listens until told to stop, and notes what should not have been heard. */
export class Caller {
  readonly faults: string[] = [];
  readonly away: number[] = [];
  readonly sessions = new Set<string>();
  /** Of each answer: when it was asked for, until its first word, and the longest silence before its end, ms. */
  readonly replies: { readonly at: number; readonly ms: number; readonly silenceMs: number }[] = [];
  talks = false;
  turns = 0;
  askedAgain = 0;
  moments = 0;
  readonly #url: string;
  readonly #random: () => number;
  readonly #name: string;
  #lostAt = 0;
  #from = 0;

  constructor(name: string, url: string, random: () => number) {
    this.#name = name;
    this.#url = url;
    this.#random = random;
  }

  async run(stop: AbortSignal): Promise<void> {
    const client = await this.#connect();
    client.client.on("state", ({ state, reason }) => {
      if (state === "ended" && !stop.aborted) this.faults.push(`${this.#name}: the call ended, ${reason}`);
      if (state !== "reconnecting") return;
      this.#lostAt = performance.now();
      this.moments++;
    });
    client.client.on("session", ({ id, resumed }) => {
      this.sessions.add(id);
      if (resumed) this.away.push(performance.now() - this.#lostAt);
      else if (this.sessions.size > 1) this.faults.push(`${this.#name}: another session`);
    });
    this.talks = true;
    try {
      while (!stop.aborted) {
        await this.#turn(client);
        await sleep(this.#random() * 600);
      }
    } finally {
      await client.hangUp();
    }
  }

  async #connect(): Promise<SdkClient> {
    for (let attempt = 0; ; attempt++) {
      try {
        const client = await SdkClient.call(this.#url, { reconnect: true, socket: Socket });
        await sleep(200 + this.#random() * 1_500);
        return client;
      } catch (error) {
        if (attempt === 20) throw error;
        await sleep(100);
      }
    }
  }

  async #turn(client: SdkClient): Promise<void> {
    const from = this.#from;
    const count = 6 + Math.floor(this.#random() * 10);
    this.#from = (this.#from + count) % 800;
    const verb = this.#random() < 0.3 ? "tool" : "say";
    const text = `${verb} ${from} ${count}`;
    const heardBefore = client.speaker.sound.length;
    const heard = (): ReturnType<typeof wordsIn> =>
      wordsIn(client.speaker.sound.slice(heardBefore)).filter(({ word }) => word < 900);
    const momentsBefore = this.moments;
    const asked = performance.now();
    await this.#ask(client, text);
    let [ms, silenceMs, soundAt, sound] = [0, 0, asked, 0];
    const over = performance.now() + ANSWER_MS;
    const complete = (): boolean => heard().some(({ word }) => word === from + count - 1);
    for (let quiet = 0; !complete() || quiet < QUIET_LOOKS; quiet = client.speaker.quiet ? quiet + 1 : 0) {
      if (performance.now() > over) {
        this.faults.push(`${this.#name}: "${text}" was answered by ${JSON.stringify(heard().map(({ word }) => word))}`);
        return;
      }
      await sleep(20);
      const now = performance.now();
      const share = heard().reduce((sum, each) => sum + each.share, 0);
      if (share === sound) continue;
      if (sound === 0) ms = now - asked;
      silenceMs = Math.max(silenceMs, now - soundAt);
      [soundAt, sound] = [now, share];
    }
    this.turns++;
    this.replies.push({ at: asked, ms, silenceMs });
    this.#listen(text, heard(), from, count, this.moments - momentsBefore);
  }

  /** Until it is known that the server has it. */
  async #ask(client: SdkClient, text: string): Promise<void> {
    const known = (): boolean => client.lines.includes(`user: ${text}`);
    for (let first = true; !known(); first = false) {
      if (!first) this.askedAgain++;
      while (client.client.state === "reconnecting") await sleep(20);
      client.client.sendText(text);
      const until = performance.now() + UNNOTICED_MS;
      while (!known() && performance.now() < until) await sleep(20);
      if (performance.now() >= until && client.client.state === "ended") return;
    }
  }

  #listen(text: string, heard: ReturnType<typeof wordsIn>, from: number, count: number, cuts: number): void {
    const times = new Map<number, number>();
    for (const { word, share } of heard) times.set(word, (times.get(word) ?? 0) + share);
    const words = Array.from({ length: count }, (_, i) => from + i);
    const lost = words.filter((word) => (times.get(word) ?? 0) < 0.5);
    // The last word of the answer before may come again, too, where its process ended before it knew that it had been heard.
    const again = [from - 1, ...words].filter((word) => (times.get(word) ?? 0) > (word < from ? 0 : 1.5));
    const strange = [...times.keys()].filter((word) => word < from - 1 || word >= from + count);
    if (lost.length > cuts || again.length > cuts || strange.length > 0) {
      const shares = heard.map(({ word, share }) => `${word}${share > 0.95 ? "" : `(${share.toFixed(2)})`}`);
      this.faults.push(`${this.#name}: "${text}", cut ${cuts} times: heard ${shares.join(" ")}`);
    }
  }
}

/** Calls on two processes, each killed in turn and started again. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { url, kills, callers, seed, signal = "SIGKILL", stallMs = 30_000 } = options;
  const random = seededRandom(seed);
  const cluster = await nodes(2, url);
  const balancer = await new Balancer(cluster.map(({ port }) => port)).start();
  const stop = new AbortController();
  const address = `http://127.0.0.1:${balancer.port}`;
  const all = Array.from({ length: callers }, (_, i) => new Caller(`caller ${i}`, address, seededRandom(seed + 1 + i)));
  const running = all.map((caller) => caller.run(stop.signal).catch((error) => void caller.faults.push(String(error))));
  try {
    for (let waited = 0; !all.every(({ talks, faults }) => talks || faults.length > 0) && waited < 1_200; waited++)
      await sleep(50);
    for (let kill = 0; kill < kills; kill++) {
      await sleep(1_000 + random() * 2_000);
      const node = cluster[kill % 2] as NodeProcess;
      if (signal === "SIGSTOP") {
        node.signal("SIGSTOP");
        await sleep(stallMs);
        node.signal("SIGCONT");
        // Until it has found out that its calls are another's.
        await sleep(5_000);
        continue;
      }
      await node.end(signal);
      await sleep(random() * 500);
      await node.start();
    }
    await sleep(2_000);
    stop.abort();
    await Promise.all(running);
    const faults = [...all.flatMap((caller) => caller.faults), ...(await faultsInLogs(url))];
    const tools = cluster.flatMap((node) => node.tools);
    return {
      moments: all.reduce((sum, caller) => sum + caller.moments, 0),
      turns: all.reduce((sum, caller) => sum + caller.turns, 0),
      toolRuns: tools.length,
      askedAgain: all.reduce((sum, caller) => sum + caller.askedAgain, 0),
      awayMs: all.flatMap((caller) => caller.away).sort((a, b) => a - b),
      faults: [...faults, ...cluster.flatMap((node) => node.errors.filter((line) => !told(signal, line)))],
    };
  } finally {
    stop.abort();
    await Promise.all(cluster.map((node) => node.end("SIGKILL")));
    await balancer.close();
  }
}

/** A process that stood still says that its calls are another's, and that what it was about to do is not done. */
function told(signal: NodeJS.Signals, line: string): boolean {
  const foreseen = /another process has taken a room over|"code":"(?:fenced|timeout|store_unavailable|aborted)"/;
  return signal === "SIGSTOP" && foreseen.test(line);
}

/** Gaps in indexes, questions that stand twice, answers that stand twice or are not whole, tools that were begun twice. */
export async function faultsInLogs(url: string): Promise<string[]> {
  const store = await openPostgresStore({ url });
  const faults: string[] = [];
  try {
    for (const { id } of await store.listRooms()) {
      const events = await store.readEvents(id);
      if (events.some(({ index }, i) => index !== i)) faults.push(`${id}: a gap in the log`);
      const turns = new Map<string, RoomEvent[]>();
      for (const event of events) {
        const { correlationId } = event;
        if (correlationId !== undefined) turns.set(correlationId, [...(turns.get(correlationId) ?? []), event]);
      }
      for (const [turn, said] of turns) {
        const of = (role: string, type = "text"): RoomEvent[] =>
          said.filter(({ source, content }) => source.role === role && content.type === type);
        const [asked, answers, calls] = [of("user"), of("assistant"), of("assistant", "tool-call")];
        if (asked.length !== 1) faults.push(`${turn}: ${asked.length} questions`);
        const parts = answers.every(({ heard }, i) => i === answers.length - 1 || heard?.interrupted);
        if (answers.length > 1 && !parts) faults.push(`${turn}: ${answers.map((each) => eventText(each)).join(" | ")}`);
        if (calls.length > 1) faults.push(`${turn}: ${calls.length} calls of a tool`);
        const [, from = "0", count = "0"] = /(\d+) (\d+)$/.exec(eventText(asked[0] as RoomEvent)) ?? [];
        const whole = Array.from({ length: Number(count) }, (_, i) => `w${Number(from) + i}`).join(" ");
        // In two parts where its process ended as planned in the middle of it.
        const words = answers.map((each) => eventText(each)).join(" ");
        if (answers.length > 0 && words !== whole) faults.push(`${turn}: the log has "${words}" of "${whole}"`);
      }
    }
    return faults;
  } finally {
    await store.close();
  }
}
