import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type AudioDevices, type CallState, type CallStats, VoiceClient, VoiceClientError } from "@roomkit/client";
import { clientOptions } from "./client-options.ts";
import { DeskStore } from "./desk-store.ts";
import {
  type Entry,
  findTyped,
  settled,
  withInterruption,
  withMetrics,
  withNotice,
  withTranscript,
  withTyped,
} from "./model/conversation.ts";
import { dismissal } from "./model/dismissal.ts";
import { LevelHistory } from "./model/level-history.ts";
import { type Quality, quality, worst } from "./model/quality.ts";
import { samples } from "./model/samples.ts";
import type { Settings } from "./model/settings.ts";
import { median } from "./model/waterfall.ts";
import { untilQuiet } from "./until-quiet.ts";

/** Twelve seconds at 20 levels a second. */
const HISTORY = 240;
/** Seconds the quality of the connection looks back. */
const QUALITY_SECONDS = 5;

/** What went wrong, for the banner. */
export interface Problem {
  readonly code: string;
  readonly hint: string;
  /** Starting the call again may help. */
  readonly retryable: boolean;
}

export interface Levels {
  readonly input: number;
  readonly output: number;
  readonly muted: boolean;
}

const isConnected = (state: CallState): boolean => ["listening", "thinking", "speaking"].includes(state);

/** The call as the page sees it: signals to show, and what a person can do. */
export class CallStore {
  readonly state: Signal<CallState> = signal("idle");
  readonly muted: Signal<boolean> = signal(false);
  readonly hasMicrophone: Signal<boolean> = signal(false);
  readonly entries: Signal<readonly Entry[]> = signal([]);
  readonly problem: Signal<Problem | undefined> = signal(undefined);
  readonly stats: Signal<CallStats | undefined> = signal(undefined);
  readonly quality: Signal<Quality | undefined> = signal(undefined);
  readonly session: Signal<string | undefined> = signal(undefined);
  /** What carries the call; `fallback`: why that is not WebRTC. */
  readonly transport: Signal<{ readonly name: string; readonly fallback?: string | undefined } | undefined> =
    signal(undefined);
  readonly devices: Signal<AudioDevices> = signal({ inputs: [], outputs: [] });
  /** The browser holds the sound back until `resume` is called from a click. */
  readonly silenced: Signal<(() => void) | undefined> = signal(undefined);
  /** The text of the recording that is being sent. */
  readonly sending: Signal<string | undefined> = signal(undefined);
  /** The newest thing said, for those who cannot see the page. */
  readonly announcement: Signal<string> = signal("");
  readonly nextSample: Signal<number> = signal(0);
  /** Between the first ring and the end of the call. */
  readonly active: ReadonlySignal<boolean> = computed(
    () => this.state.value !== "idle" && this.state.value !== "ended",
  );
  /** Connected, so that what is said gets through. */
  readonly connected: ReadonlySignal<boolean> = computed(() => isConnected(this.state.value));
  readonly medianReplyMs: ReadonlySignal<number | undefined> = computed(() =>
    median(
      this.entries.value.flatMap((entry) =>
        entry.kind === "speech" && entry.metrics?.replyMs ? [entry.metrics.replyMs] : [],
      ),
    ),
  );
  readonly history: LevelHistory = new LevelHistory(HISTORY);
  readonly desk: DeskStore = new DeskStore((name, payload) => {
    if (this.connected.value) this.#try((client) => client.sendData(name, payload));
  });
  /** Called 20 times a second during a call: drawn directly, not through the page's rendering. */
  onLevels: (levels: Levels) => void = () => {};

  readonly #settings: ReadonlySignal<Settings>;
  readonly #token: ReadonlySignal<string>;
  #client: VoiceClient | undefined;
  /** The call under way wants a microphone. */
  #microphone = true;
  /** Counts the sessions: another one begins its ids anew. */
  #sessions = 0;
  /** One connection is being replaced by another. */
  #switching = false;
  #switched: Promise<void> = Promise.resolve();
  /** Another replacement waits for its turn. */
  #waiting = false;
  #recent: Quality[] = [];
  #cancelSample: AbortController | undefined;
  #ids = 0;
  /** Transcripts of the server that repeat what was typed here. */
  readonly #aliases = new Map<string, string>();

  constructor(settings: ReadonlySignal<Settings>, token: ReadonlySignal<string>) {
    this.#settings = settings;
    this.#token = token;
  }

  /** Starts a call. Call it from a click. */
  async start(how: { readonly microphone?: boolean | undefined } = {}): Promise<void> {
    if (this.active.value) return;
    batch(() => {
      this.problem.value = undefined;
      this.entries.value = [];
    });
    this.#aliases.clear();
    this.history.clear();
    this.desk.begin();
    this.desk.onEcho = (db) =>
      this.#note(`Your microphone hears the assistant (${Math.round(db)} dB): headphones help`);
    await this.#call(how.microphone ?? true);
  }

  /** Carries the call on as the settings now say, for instance over another transport. The server begins a new conversation. */
  reconnect(): Promise<void> {
    // One after the other, and the last choice only, however fast somebody chooses.
    if (!this.#waiting) {
      this.#waiting = true;
      this.#switched = this.#switched.then(() => {
        this.#waiting = false;
        return this.#switch();
      });
    }
    return this.#switched;
  }

  async #switch(): Promise<void> {
    const client = this.#client;
    if (!this.active.value || client === undefined) return;
    this.#switching = true;
    this.#cancelSample?.abort();
    this.#note("Changing the connection");
    await client.disconnect().catch(() => {});
    // Unless somebody has pressed "end" meanwhile.
    if (this.#switching) await this.#call(this.#microphone);
    this.#switching = false;
  }

  async #call(microphone: boolean): Promise<void> {
    this.#microphone = microphone;
    this.#recent = [];
    batch(() => {
      this.quality.value = this.stats.value = this.session.value = this.transport.value = undefined;
    });
    try {
      const client = new VoiceClient(clientOptions(this.#settings.value, this.#token.value.trim(), microphone));
      this.#client = client;
      this.#listen(client);
      if (this.muted.value) client.mute();
      await client.connect();
      this.hasMicrophone.value = client.hasMicrophone;
      this.devices.value = await client.devices();
    } catch (error) {
      this.#report(error);
    }
  }

  async end(): Promise<void> {
    this.#cancelSample?.abort();
    const between = this.#switching && this.#client?.state === "ended";
    this.#switching = false;
    if (between) this.#onState("ended", "listening", "client_closed");
    await this.#client?.disconnect();
  }

  toggleMute(): void {
    if (this.#client === undefined) this.muted.value = !this.muted.value;
    else if (this.#client.muted) this.#client.unmute();
    else this.#client.mute();
  }

  interrupt(): void {
    this.#try((client) => client.interrupt());
  }

  /** Says something by typing; false when it could not be sent. */
  say(text: string): boolean {
    const trimmed = text.trim();
    if (trimmed === "") return false;
    return this.#try((client) => {
      client.sendText(trimmed);
      this.entries.value = withTyped(this.entries.value, `typed-${++this.#ids}`, trimmed);
    });
  }

  /** Sends the next recording; starts a call without a microphone first when there is none. */
  async sendSample(): Promise<void> {
    if (this.sending.value !== undefined) {
      this.#cancelSample?.abort();
      return;
    }
    const sample = samples[this.nextSample.value % samples.length];
    if (sample === undefined) return;
    if (!this.active.value) await this.start({ microphone: false });
    const client = this.#client;
    if (!this.connected.value || client === undefined) return;
    this.sending.value = sample.text;
    this.#cancelSample = new AbortController();
    try {
      await untilQuiet(this.state, this.#cancelSample.signal);
      const response = await fetch(new URL(`samples/${sample.file}`, document.baseURI));
      if (!response.ok) throw new Error(`the recording is not there: ${response.status}`);
      const decoder = new OfflineAudioContext(1, 1, 16_000);
      const recording = await decoder.decodeAudioData(await response.arrayBuffer());
      await client.sendSample(recording, { signal: this.#cancelSample.signal });
      this.nextSample.value = (this.nextSample.value + 1) % samples.length;
    } catch (error) {
      if (!this.#cancelSample.signal.aborted && this.active.value) this.#report(error);
    } finally {
      this.sending.value = undefined;
    }
  }

  async useMicrophone(id: string): Promise<void> {
    try {
      await this.#client?.setInputDevice(id);
      this.hasMicrophone.value = this.#client?.hasMicrophone ?? false;
    } catch (error) {
      this.#report(error);
    }
  }

  async useSpeaker(id: string): Promise<void> {
    try {
      await this.#client?.setOutputDevice(id);
    } catch (error) {
      this.#report(error);
    }
  }

  #listen(client: VoiceClient): void {
    client.on("state", ({ state, previous, reason }) => this.#onState(state, previous, reason));
    client.on("muted", (muted) => {
      this.muted.value = muted;
    });
    client.on("session", ({ id, resumed, transport, fallback }) => {
      this.transport.value = fallback === undefined ? { name: transport } : { name: transport, fallback };
      const again = this.session.value !== undefined;
      this.session.value = id;
      if (!resumed) this.#sessions++;
      // What was on its way when the connection broke comes again, or never.
      this.entries.value = settled(this.entries.value);
      this.#recent = [];
      this.quality.value = undefined;
      if (again) this.#note(resumed ? "Connected again" : "Connected again, in a new conversation");
    });
    client.on("transcript", (said) => {
      const transcript = { ...said, id: this.#own(said.id) };
      const known = this.entries.value.some(({ id }) => id === (this.#aliases.get(transcript.id) ?? transcript.id));
      const typed = known ? undefined : findTyped(this.entries.value, transcript);
      if (typed) this.#aliases.set(transcript.id, typed.id);
      const id = this.#aliases.get(transcript.id) ?? transcript.id;
      this.entries.value = withTranscript(this.entries.value, { ...transcript, id });
      if (transcript.final && !typed) {
        this.announcement.value = `${transcript.role === "user" ? "You" : "Assistant"}: ${transcript.heard ?? transcript.text}`;
      }
    });
    client.on("interrupted", ({ heard, unheard }) => {
      this.history.cut();
      this.entries.value = withInterruption(this.entries.value, heard, unheard);
    });
    client.on("dismissed", ({ cause, resumed }) => this.#note(dismissal(cause, resumed)));
    client.on("metrics", (turn) => {
      this.entries.value = withMetrics(this.entries.value, { ...turn, turnId: this.#own(turn.turnId) });
    });
    client.on("stats", (stats) => {
      this.#recent = [...this.#recent, quality(stats, this.stats.value)].slice(-QUALITY_SECONDS);
      this.stats.value = stats;
      this.quality.value = worst(this.#recent);
    });
    client.on("error", (error) => {
      this.hasMicrophone.value = client.hasMicrophone;
      this.#report(error);
    });
    client.on("data", ({ name, payload }) => this.desk.hear(name, payload));
    client.on("devices", (devices) => {
      this.devices.value = devices;
    });
    client.on("autoplay-blocked", ({ blocked, resume }) => {
      this.silenced.value = blocked ? () => void resume().catch(() => {}) : undefined;
    });
    client.on("level", (levels) => {
      this.history.push(levels.muted ? -60 : levels.input, levels.output);
      this.onLevels(levels);
    });
  }

  #onState(state: CallState, previous: CallState, reason: string | undefined): void {
    if (this.#switching && state === "ended") {
      // The page shows one call all along, unless no new connection comes about.
      this.state.value = previous === "connecting" ? "ended" : "connecting";
      return;
    }
    this.state.value = state;
    if (isConnected(state) && !isConnected(previous)) this.desk.connected();
    if (state === "reconnecting") this.quality.value = "lost";
    if (state === "listening" && previous === "connecting")
      this.#note(this.#switching ? "Connected, in a new conversation" : "Call started");
    if (state !== "ended") return;
    if (previous !== "connecting") this.#note(reason === "client_closed" ? "You ended the call" : "The call ended");
    this.#cancelSample?.abort();
    batch(() => {
      this.desk.ended();
      this.entries.value = settled(this.entries.value);
      this.silenced.value = undefined;
      this.hasMicrophone.value = false;
    });
    this.onLevels({ input: -60, output: -60, muted: false });
  }

  /** An id of the session under way, told apart from the same one of another. */
  #own(id: string): string {
    return `${this.#sessions}:${id}`;
  }

  #note(text: string): void {
    this.entries.value = withNotice(this.entries.value, `note-${++this.#ids}`, text);
  }

  #try(action: (client: VoiceClient) => void): boolean {
    try {
      if (this.#client === undefined) return false;
      action(this.#client);
      return true;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  #report(error: unknown): void {
    const known = error instanceof VoiceClientError ? error : undefined;
    // Somebody pressed "end": nothing to explain.
    if (known?.code === "aborted") return;
    this.problem.value = {
      code: known?.code ?? "unexpected",
      hint: known?.hint ?? "Something went wrong on this page. Reload it and try again.",
      retryable: known?.retryable ?? false,
    };
  }
}
