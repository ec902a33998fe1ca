import {
  assertOptions,
  type Clock,
  type Metadata,
  RoomKitError,
  sequentialIds,
  type VoiceSession,
} from "@roomkit/core";
import { VirtualClock } from "../clock.ts";
import { FakeBackend } from "../fakes/backend.ts";
import { ClientView } from "./client-view.ts";
import { Ear } from "./ear.ts";
import { LabLine } from "./line.ts";
import { type LabEcho, Microphone } from "./microphone.ts";
import { checkNetwork, type LabNetwork } from "./network.ts";
import type { NoiseKind } from "./noises.ts";
import { LabRecogniser, type LabRecogniserOptions } from "./recogniser.ts";
import { computedSpeech, type LabScript } from "./script.ts";
import type { Sound } from "./sound.ts";
import type { SpokenItem } from "./spoken-item.ts";
import { LabTrace } from "./trace.ts";
import type { LabCondition, LabView } from "./view.ts";
import { LabVoice, type LabVoiceOptions } from "./voice.ts";

export interface CallerLabOptions {
  /** Everything that is random. Default 1. */
  readonly seed?: number | undefined;
  /** Rate of the line, both ways, Hz. Default 16,000. */
  readonly sampleRate?: 8_000 | 16_000 | undefined;
  /** Whether the client reports what it rendered, or the server estimates. Default `reported`. */
  readonly playback?: "reported" | "estimated" | undefined;
  readonly network?: LabNetwork | undefined;
  /** Audio the client holds before it plays, ms. Default 40. */
  readonly bufferMs?: number | undefined;
  /** How far ahead of the listener the server sends, ms. Default 100. */
  readonly leadMs?: number | undefined;
  /** How long after it vanished a client counts as lost, ms. Default 10,000. */
  readonly lostAfterMs?: number | undefined;
  /** What the caller sits in; `snrDb` below words at -24 dB. Default a room that is nearly silent. */
  readonly noise?: { readonly kind: NoiseKind; readonly snrDb: number } | undefined;
  /** The assistant comes back into the microphone. Default: headphones. */
  readonly echo?: LabEcho | undefined;
  /** Says texts. Default: computed, the same on every machine. */
  readonly speech?: ((text: string, sampleRate: number) => Sound) | undefined;
  /** Keys the client takes as events. Default none. */
  readonly dtmfEvents?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Time of the call. Default a clock of its own. */
  readonly clock?: VirtualClock | undefined;
  /** A transport that several callers share. Default one of its own. */
  readonly backend?: FakeBackend | undefined;
}

const FRAME_MS = 20;
/** Longest call, ms. */
const MOST_MS = 6 * 3_600_000;

/**
 * A caller by script, in virtual time: a microphone, a line with a network, a client that plays what it is sent, and an ear. The stack is the
 * test's own: its channel stands on {@link backend} and its kit on {@link clock}. Time begins with {@link pickUp} or {@link dial}.
 */
export class CallerLab implements LabView {
  readonly clock: VirtualClock;
  readonly backend: FakeBackend;
  readonly line: LabLine;
  /** What the assistant's audio was to the caller. */
  readonly ear: Ear;
  /** What the server told the client. */
  readonly client: ClientView;
  readonly trace: LabTrace = new LabTrace();
  /** What the caller does. Others at the same microphone: {@link beside}. */
  readonly caller: LabScript;
  readonly sampleRate: number;
  readonly #microphone: Microphone;
  readonly #options: CallerLabOptions;
  #voice: LabVoice | undefined;
  #begun: number | undefined;
  #stop = (): void => {};
  #forget = (): void => {};
  #ended = false;

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: CallerLabOptions = {}) {
    assertOptions("CallerLab", options, {
      number: ["seed", "sampleRate", "bufferMs", "leadMs", "lostAfterMs"],
      oneOf: { playback: ["reported", "estimated"] },
      string: ["dtmfEvents"],
      function: ["speech"],
      object: ["network", "noise", "echo", "metadata", "clock", "backend"],
    });
    const { seed = 1, sampleRate = 16_000, playback = "reported", network = {}, echo } = options;
    if (sampleRate !== 8_000 && sampleRate !== 16_000)
      throw new RoomKitError("invalid_option", "CallerLab: sampleRate is 8,000 or 16,000 Hz");
    checkNetwork(network);
    this.#options = options;
    this.sampleRate = sampleRate;
    this.clock = options.clock ?? new VirtualClock();
    this.backend = options.backend ?? new FakeBackend(sequentialIds());
    const clock: Clock = this.clock;
    this.line = new LabLine({
      ...{ clock, playback, network, seed },
      id: `lab_${seed}`,
      format: { sampleRate, channels: 1 },
      dtmfEvents: options.dtmfEvents ?? "",
      metadata: options.metadata ?? {},
      leadMs: options.leadMs ?? 100,
      lostAfterMs: options.lostAfterMs ?? 10_000,
    });
    this.client = new ClientView(this.trace);
    this.ear = this.#openEar();
    this.#microphone = new Microphone({
      ...{ seed, sampleRate, echo, noise: options.noise, trace: this.trace },
      speech: options.speech ?? computedSpeech(seed),
      holds: (condition) => condition(this),
      input: (input) => this.line.toServer(input),
      hangUp: () => void this.line.close({ code: "client_closed", message: "the caller hung up" }),
      vanish: () => this.line.vanish(),
    });
    this.caller = this.#microphone.script("caller");
  }

  /** ms of the call; 0 before it began. */
  get now(): number {
    return this.#begun === undefined ? 0 : this.clock.now() - this.#begun;
  }

  /** What sounded at the microphone, oldest first: what was said, and noises. */
  get said(): readonly SpokenItem[] {
    return this.#microphone.said;
  }

  /** When something was last heard of anybody, ms of the call. */
  get lastSoundMs(): number {
    const said = this.said.reduce((last, { toMs }) => Math.max(last, toMs), 0);
    return Math.max(said, this.ear.spans.at(-1)?.toMs ?? 0);
  }

  /** Peaks of each 20 ms, 0 to 32,767: what a picture shows. */
  get lanes(): Readonly<Record<"caller" | "echo" | "assistant", readonly number[]>> {
    return this.#microphone.lanes;
  }

  /** Somebody or something else at the same microphone. */
  beside(name: string): LabScript {
    return this.#microphone.script(name);
  }

  /** The assistant's voice, one for a lab: what it says the ear understands. @throws RoomKitError `invalid_option`. */
  voice(options: LabVoiceOptions = {}): LabVoice {
    this.#voice ??= new LabVoice(this.clock, this.sampleRate, options);
    return this.#voice;
  }

  /** A recogniser that knows what is said at this microphone. @throws RoomKitError `invalid_option`. */
  recogniser(options: LabRecogniserOptions = {}): LabRecogniser {
    const words = (fromMs: number, toMs: number) => this.#microphone.wordsIn(fromMs, toMs, this.ear);
    return new LabRecogniser(this.clock, words, options);
  }

  /** The caller is there for a session of `backend.connect`, and time begins. @throws RoomKitError `invalid_option` when it has. */
  pickUp(session: VoiceSession): void {
    this.#begin();
    this.backend.bind(session, this.line);
  }

  /** The caller comes first: the application is told by `backend.onClientConnected`. @throws RoomKitError as {@link pickUp}. */
  dial(): void {
    this.#begin();
    this.backend.client(this.line);
  }

  /**
   * Lets the call go on until every script is through.
   *
   * @throws RoomKitError `timeout` when that takes more than `maxMs` of the call, or a script waits in vain; `clock_busy`.
   */
  async run(maxMs = 600_000): Promise<void> {
    await this.until(() => this.#microphone.done || this.#ended, maxMs);
  }

  /** Lets the call go on for so long, ms. */
  async wait(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Lets the call go on until something holds; gives the ms that took. @throws RoomKitError `timeout`, `clock_busy`. */
  async until(condition: LabCondition, maxMs = 60_000): Promise<number> {
    return await this.clock.advanceUntil(() => condition(this), maxMs);
  }

  /** The caller is gone, if not yet, and no timer is left. Idempotent. */
  async close(): Promise<void> {
    await this.line.close({ code: "client_closed", message: "the lab is closed" });
    this.#end();
  }

  #begin(): void {
    if (this.#begun !== undefined) throw new RoomKitError("invalid_option", "a lab is one call: make another");
    this.#begun = this.clock.now();
    this.line.begin();
    this.#forget = this.line.onClose(({ code }) => {
      this.trace.note(this.now, "line", "closed", { code });
      this.#end();
    });
    this.#arm(1);
  }

  /** Time of the microphone is counted in frames, so that it does not drift. */
  #arm(frame: number): void {
    const begun = this.#begun as number;
    this.#stop = this.clock.setTimeout(
      () => {
        this.#tick(frame);
        if (!this.#ended && frame * FRAME_MS < MOST_MS) this.#arm(frame + 1);
      },
      begun + frame * FRAME_MS - this.clock.now(),
    );
  }

  #tick(frame: number): void {
    const now = frame * FRAME_MS;
    const samples = this.#microphone.frame();
    if (this.#ended) return;
    this.line.toServer({ samples, sampleRate: this.sampleRate, channels: 1, timestamp: now - FRAME_MS });
    for (const what of this.line.arrived()) {
      if (what.type === "message") this.client.take(what.message, now);
      else if (what.type === "raw") this.client.raw.push(what.message);
      else if (what.type === "press") this.client.pressed.push(what.press.digit);
      else this.ear.take(what, now);
    }
    this.#microphone.plays(this.ear.play(samples.length, now));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop();
    this.#forget();
    this.ear.close(this.now);
  }

  #openEar(): Ear {
    const { playback = "reported", bufferMs = 40 } = this.#options;
    const name = (utterance: string): string => this.trace.name("u", utterance);
    return new Ear({
      sampleRate: this.sampleRate,
      bufferMs,
      wordsOf: (utterance) => this.#voice?.wordsOf(utterance) ?? [],
      report: (utterance, playedMs, done) => {
        if (playback === "reported") this.line.toServer({ utterance, playedMs, confidence: "reported", done });
      },
      onWord: ({ text, utterance, fromMs }) =>
        this.trace.note(fromMs, "ear", "hears", { text, utterance: name(utterance) }),
      onSpan: ({ utterance, fromMs, toMs, cleared }, phase) => {
        const what = phase === "begins" ? "begins" : cleared ? "is cut off" : "is silent";
        this.trace.note(toMs ?? fromMs, "ear", what, { utterance: name(utterance) });
      },
    });
  }
}
