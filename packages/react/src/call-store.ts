import { type CallState, VoiceClientError, type VoiceClientEvents } from "@roomkit/client";
import type { CallActions } from "./actions.ts";
import { Cell, FrameCell } from "./cell.ts";
import { ConnectionStore } from "./connection-store.ts";
import { DevicesStore } from "./devices-store.ts";
import { type Happened, hearAll, Listeners } from "./listeners.ts";
import { type CallClient, type CallSetup, makeClient } from "./options.ts";
import { Script } from "./script.ts";
import { type CallSnapshot, idle, type Levels, silent } from "./snapshots.ts";

/** One connection, from dialling to hanging up. */
interface Line {
  /** Absent while it waits for the one before to be gone. */
  client?: CallClient;
  /** Resolves when it stands, or does not come about. */
  connecting: Promise<void>;
  /** Somebody called it off. */
  dropped?: true;
  /** Hears no more of its client. */
  stop?(): void;
}

/**
 * One call at a time, as values to follow and things to do. It touches nothing before a call is started, so that a server may render
 * it; of a client whose call is over it hears nothing any more.
 */
export class CallStore {
  readonly call: Cell<CallSnapshot> = new Cell(idle);
  readonly connection: ConnectionStore = new ConnectionStore();
  readonly levels: FrameCell<Levels> = new FrameCell(silent);
  readonly devices: DevicesStore;
  readonly script: Script = new Script();
  readonly #listeners = new Listeners();
  #setup: CallSetup;
  /** What the call under way was told beyond that. */
  #overrides: Partial<CallSetup> = {};
  #line: Line | undefined;
  /** How often it stands on the page: once, but while React mounts it anew. */
  #mounts = 0;

  constructor(setup: CallSetup) {
    this.#setup = setup;
    this.devices = new DevicesStore(setup, async () => (this.#line?.client ?? makeClient(this.#setup)).devices());
  }

  /** From the next connection on. */
  configure(setup: CallSetup): void {
    this.#setup = setup;
  }

  /** It stands on a page; returns what ends that, and the call with it, unless it is back before this moment is over. */
  mount(): () => void {
    this.#mounts++;
    return () => {
      this.#mounts--;
      queueMicrotask(() => this.#endUnlessMounted());
    };
  }

  #endUnlessMounted(): void {
    if (this.#mounts === 0) void this.actions.end();
  }

  /** Hears an event of every call to come. */
  on<K extends keyof VoiceClientEvents>(event: K, listener: (payload: VoiceClientEvents[K]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  readonly actions: CallActions = {
    start: (overrides = {}) => {
      if (this.#line) return this.#line.connecting;
      this.#overrides = overrides;
      this.script.clear();
      this.#patch({ error: undefined });
      // From an effect, before the provider's own; or by what outlived the page.
      if (this.#mounts === 0) setTimeout(() => this.#endUnlessMounted());
      return this.#dial();
    },
    end: async () => {
      const line = this.#line;
      if (line === undefined) return;
      line.dropped = true;
      const closed = line.client?.disconnect();
      // Its client has said so by now, if it had been dialled.
      this.#over(line, "client_closed");
      await closed?.catch(() => {});
    },
    restart: (overrides) => {
      const line = this.#line;
      if (line === undefined) return Promise.resolve();
      this.#overrides = { ...this.#overrides, ...overrides };
      // The next one waits already, and will read this.
      if (line.client === undefined) return line.connecting;
      line.dropped = true;
      line.stop?.();
      this.script.settle();
      this.#patch({ resumeSound: undefined });
      return this.#dial(line.client.disconnect().catch(() => {}));
    },
    mute: () => this.#setMuted(true),
    unmute: () => this.#setMuted(false),
    interrupt: () => void this.#try((client) => client.interrupt()),
    say: (text) => {
      const trimmed = text.trim();
      const sent = trimmed !== "" && this.#try((client) => client.sendText(trimmed));
      if (sent) this.script.typed(trimmed);
      return sent;
    },
    sendData: (name, payload) => this.call.get().connected && this.#try((client) => client.sendData(name, payload)),
    openMicrophone: () => this.choose("input", this.devices.get().input),
    note: (text) => this.script.note(text),
    dismissError: () => this.#patch({ error: undefined }),
  };

  #setMuted(muted: boolean): void {
    const client = this.#line?.client;
    if (client === undefined) this.#patch({ muted });
    else if (muted) client.mute();
    else client.unmute();
  }

  /** Uses another device, now and from now on; if that does not work, the one before is the choice again. */
  async choose(which: "input" | "output", id: string): Promise<void> {
    const before = this.devices.get()[which];
    this.devices.choose(which, id);
    const line = this.#line;
    try {
      await (which === "input" ? line?.client?.setInputDevice(id) : line?.client?.setOutputDevice(id));
    } catch (error) {
      if (this.devices.get()[which] === id) this.devices.choose(which, before);
      if (line === this.#line) this.#fail(error);
    }
    if (line && line === this.#line) this.#readMicrophone();
  }

  /** @param before what has to be over first. */
  #dial(before?: Promise<void>): Promise<void> {
    const line: Line = { connecting: Promise.resolve() };
    this.#line = line;
    this.connection.begin();
    this.#setState("connecting", undefined);
    line.connecting = before === undefined ? this.#connect(line) : before.then(() => this.#connect(line));
    return line.connecting;
  }

  async #connect(line: Line): Promise<void> {
    // Ended while it waited.
    if (line.dropped) return;
    try {
      const client = makeClient(this.devices.applied({ ...this.#setup, ...this.#overrides }));
      line.client = client;
      line.stop = hearAll(client, (happened) => this.#take(line, happened));
      if (this.call.get().muted) client.mute();
      this.#patch({ client });
      await client.connect();
      if (line !== this.#line) return;
      this.#readMicrophone();
      await this.devices.refresh();
    } catch (error) {
      // Whoever heard of its end may have begun the next.
      if (!line.dropped && (this.#line ?? line) === line) this.#fail(error);
      this.#over(line, error instanceof VoiceClientError ? error.code : undefined);
    }
  }

  /** What a client told; before anybody else hears of it. */
  #take(line: Line, happened: Happened): void {
    const { event, payload } = happened;
    if (event === "state") {
      const { state, reason } = payload;
      // Others hear what it means for the call.
      if (state === "ended") this.#over(line, reason);
      else this.#setState(state, reason);
      return;
    }
    this.script.take(happened);
    this.connection.take(happened);
    if (event === "level") this.levels.push(payload);
    else if (event === "muted") this.#patch({ muted: payload });
    else if (event === "devices") this.devices.found(payload);
    else if (event === "error") this.#fail(payload);
    else if (event === "autoplay-blocked") {
      const { blocked, resume } = payload;
      this.#patch({ resumeSound: blocked ? () => void resume().catch(() => {}) : undefined });
    }
    this.#readMicrophone();
    this.#listeners.emit(happened);
  }

  #over(line: Line, reason: string | undefined): void {
    line.stop?.();
    if (line !== this.#line) return;
    this.#line = undefined;
    this.script.settle();
    this.levels.settle(silent);
    this.#patch({ resumeSound: undefined, hasMicrophone: false, microphoneError: undefined });
    this.#setState("ended", reason);
  }

  #setState(state: CallState, reason: string | undefined): void {
    const { state: previous } = this.call.get();
    if (state === previous) return;
    if (state === "reconnecting" || state === "ended") this.connection.down(state);
    // "reconnecting" too: nothing gets through.
    this.#patch({ state, active: state !== "ended", connected: !/ended|connecting/.test(state) });
    this.#listeners.emit({ event: "state", payload: { state, previous, reason } });
  }

  #readMicrophone(): void {
    const hasMicrophone = this.#line?.client?.hasMicrophone ?? false;
    const { error, microphoneError } = this.call.get();
    if (!hasMicrophone) this.#patch({ hasMicrophone });
    // What was said of it does not hold any more.
    else
      this.#patch({ hasMicrophone, microphoneError: undefined, error: error === microphoneError ? undefined : error });
  }

  #try(action: (client: CallClient) => void): boolean {
    const client = this.#line?.client;
    if (client === undefined) return false;
    try {
      action(client);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(cause: unknown): void {
    const error = VoiceClientError.from(cause, "invalid_state");
    // Somebody called it off: nothing to explain.
    if (error.code === "aborted") return;
    const deaf = error.code.startsWith("microphone_") && this.#line?.client?.hasMicrophone === false;
    this.#patch(deaf ? { error, microphoneError: error } : { error });
  }

  #patch(change: Partial<CallSnapshot>): void {
    const now = this.call.get();
    const keys = Object.keys(change) as (keyof CallSnapshot)[];
    if (keys.some((key) => change[key] !== now[key])) this.call.set({ ...now, ...change });
  }
}
