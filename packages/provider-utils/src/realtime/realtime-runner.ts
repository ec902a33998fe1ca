import {
  type AudioFormat,
  type AudioFrame,
  abortedError,
  errorFields,
  frameDurationMs,
  type RealtimeEvent,
  type RealtimeSession,
  type RealtimeSessionConfig,
  RoomKitError,
  type SendTextOptions,
  SilenceWatch,
  type Unsubscribe,
  withTimeout,
} from "@roomkit/core";
import { ProviderError, type ProviderErrorKind } from "../errors/provider-error.ts";
import { toProviderError } from "../errors/to-provider-error.ts";
import type { SocketMessage } from "../socket/inbound-queue.ts";
import { Backlog } from "./backlog.ts";
import { EventOutlet } from "./event-outlet.ts";
import type { Link } from "./link.ts";
import type { RealtimeProtocol } from "./protocol.ts";
import { ReconnectBudget } from "./reconnect-budget.ts";
import type { RealtimeRunnerOptions } from "./runner-options.ts";

/** Audio kept while there is no connection, ms: what is older answers nothing any more. */
const BACKLOG_MS = 2_000;
/** How long a connection that has reached its age waits for a pause in the conversation, ms. */
const ROTATION_GRACE_MS = 60_000;

/** Runs a {@link RealtimeProtocol} over sockets: handshake, loss and return, change of connections, silence, end. */
export class RealtimeRunner implements RealtimeSession {
  readonly id: string;
  readonly #options: RealtimeRunnerOptions;
  readonly #protocol: RealtimeProtocol;
  readonly #outlet: EventOutlet;
  readonly #budget: ReconnectBudget;
  readonly #backlog = new Backlog(BACKLOG_MS);
  readonly #lifetime = new AbortController();
  #link: Link | undefined;
  #connected = false;
  /** There has been a connection: the next is another one. */
  #begun = false;
  #over = false;
  #closing: Promise<void> | undefined;
  readonly #silence: SilenceWatch;
  #stopRotation: () => void = () => {};
  #rotationDue = false;

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: RealtimeRunnerOptions) {
    const { id, provider, clock, logger } = options;
    this.id = id;
    this.#options = options;
    this.#budget = new ReconnectBudget(options.reconnect);
    this.#silence = new SilenceWatch(clock, options.responseTimeoutMs, () => this.#stuck());
    this.#outlet = new EventOutlet((error) => logger.error({ provider, ...errorFields(error) }, "a listener failed"));
    this.#protocol = options.createProtocol({
      send: (message) => this.#send(message),
      emit: (event) => this.#outlet.emit(event),
      ready: (contextKept) => this.#ready(contextKept),
      fail: (error) => this.#link && this.#ended(this.#link, error),
      rotate: (withinMs) => this.#scheduleRotation(withinMs),
      after: (ms, handler) => clock.setTimeout(handler, ms),
      note: (message, facts) => logger.debug({ provider, session: id, ...facts }, message),
    });
  }

  get inbound(): AudioFormat {
    return this.#protocol.inbound;
  }

  get outbound(): AudioFormat {
    return this.#protocol.outbound;
  }

  get responding(): boolean {
    return this.#outlet.responding;
  }

  /** Listeners there are: what a test counts. */
  get listeners(): number {
    return this.#outlet.listeners;
  }

  /** Opens the first connection. @throws ProviderError; RoomKitError `aborted`. */
  async connect(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#lifetime.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#open();
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  onEvent(listener: (event: RealtimeEvent) => void): Unsubscribe {
    return this.#outlet.on(listener);
  }

  sendAudio(frame: AudioFrame): void {
    if (this.#connected) this.#do(() => this.#protocol.sendAudio(frame));
    else if (!this.#over) this.#backlog.audio(frameDurationMs(frame), () => this.#protocol.sendAudio(frame));
  }

  sendText(text: string, options: SendTextOptions = {}): void {
    this.#command(() => this.#protocol.sendText(text, options));
  }

  activityStart(): void {
    this.#command(() => this.#protocol.activityStart());
  }

  activityEnd(): void {
    this.#command(() => this.#protocol.activityEnd());
  }

  /** Without a connection, too: what the next one would be asked for is not wanted, nor what waits to be sent. */
  interrupt(): void {
    if (this.#over) return;
    const interrupt = (): void => this.#protocol.interrupt();
    this.#do(interrupt);
    if (!this.#connected && this.#backlog.size > 0) this.#backlog.command(interrupt);
  }

  // What it is about has ended with its connection, but not the memory of it.
  truncate(itemId: string, playedMs: number): void {
    if (!this.#over) this.#do(() => this.#protocol.truncate(itemId, playedMs));
  }

  submitToolResult(callId: string, result: string, options: { readonly isError?: boolean | undefined } = {}): void {
    this.#command(() => this.#protocol.submitToolResult(callId, result, options));
  }

  async update(config: Partial<RealtimeSessionConfig>): Promise<void> {
    if (this.#over) throw new RoomKitError("closed", "the session is over");
    await this.#protocol.update(config);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end("client");
    return this.#closing;
  }

  #command(run: () => void): void {
    if (this.#connected) this.#do(run);
    else if (!this.#over) this.#backlog.command(run);
  }

  #do(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#outlet.emit({ type: "error", error: this.#known(error), fatal: false });
    }
    this.#moved();
  }

  #send(message: unknown): void {
    const link = this.#link;
    if (!link || link.ended) return;
    try {
      link.socket.send(JSON.stringify(message));
    } catch (error) {
      this.#ended(link, this.#known(error));
    }
  }

  /** Opens a connection and shakes hands. @throws what went wrong. */
  async #open(): Promise<void> {
    const { open, provider, clock, handshakeTimeoutMs } = this.#options;
    const { signal } = this.#lifetime;
    if (signal.aborted) throw abortedError(signal);
    const socket = await open(signal);
    let settle: Link["settle"] = () => {};
    const handshake = new Promise<void>((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve());
    });
    const link: Link = { socket, since: clock.now(), handshake, settle, ready: false, ended: false };
    this.#link = link;
    try {
      this.#protocol.begin();
      void this.#read(link);
      const what = `the handshake of ${provider}`;
      await withTimeout(handshake, handshakeTimeoutMs, { clock, signal, what });
    } catch (error) {
      handshake.catch(() => {});
      const cause = RoomKitError.is(error, "timeout")
        ? this.#fault("timeout", `did not finish its handshake in ${handshakeTimeoutMs} ms`)
        : error;
      this.#drop(link);
      throw cause;
    }
  }

  async #read(link: Link): Promise<void> {
    let error: RoomKitError = this.#fault("network", "ended the connection");
    try {
      for await (const message of link.socket) {
        if (link.ended) return;
        this.#receive(link, message);
      }
    } catch (thrown) {
      error = this.#known(thrown);
    }
    this.#ended(link, error);
  }

  #receive(link: Link, message: SocketMessage): void {
    try {
      this.#protocol.receive(JSON.parse(typeof message === "string" ? message : Buffer.from(message).toString("utf8")));
    } catch (error) {
      this.#ended(link, RoomKitError.is(error) ? error : this.#fault("protocol", "sent what makes no sense", error));
    }
    this.#silence.heard();
    this.#moved();
  }

  #ready(contextKept: boolean): void {
    const link = this.#link;
    if (!link || link.ready || link.ended || this.#over) return;
    const again = this.#begun;
    this.#begun = true;
    link.ready = true;
    this.#connected = true;
    this.#rotationDue = false;
    const { maxConnectionMs } = this.#options;
    if (Number.isFinite(maxConnectionMs)) {
      this.#stopRotation = this.#options.clock.setTimeout(
        () => this.#scheduleRotation(ROTATION_GRACE_MS),
        maxConnectionMs,
      );
    }
    if (again) this.#outlet.emit({ type: "reconnected", contextKept });
    this.#backlog.replay();
    link.settle();
  }

  #ended(link: Link, error: RoomKitError): void {
    if (link.ended) return;
    if (!link.ready) {
      link.ended = true;
      link.settle(error);
      return;
    }
    this.#budget.ended(this.#options.clock.now() - link.since);
    this.#drop(link);
    if (!this.#over) void this.#recover(error);
  }

  /** Lets go of a connection, however it stands. */
  #drop(link: Link): void {
    link.ended = true;
    void link.socket.close();
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#connected = false;
    this.#silence.heard();
    this.#stopRotation();
    this.#protocol.lost();
  }

  async #recover(error: RoomKitError): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    let last = error;
    for (;;) {
      const next = this.#budget.next(last, random());
      if (!next) {
        this.#outlet.emit({ type: "error", error: last, fatal: true });
        this.#closing ??= this.#end(last.code);
        return;
      }
      this.#outlet.emit({ type: "reconnecting", attempt: next.attempt });
      try {
        await clock.sleep(next.waitMs, this.#lifetime.signal);
        await this.#openOrOtherwise();
        return;
      } catch (thrown) {
        if (this.#over) return;
        last = this.#known(thrown);
      }
    }
  }

  async #openOrOtherwise(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (this.#over || !RoomKitError.is(error) || !this.#protocol.otherwise?.(error)) throw error;
      await this.#open();
    }
  }

  /** Something has happened: the vendor may owe an answer now, or the time for another connection may have come. */
  #moved(): void {
    if (!this.#connected) return;
    this.#silence.owes(this.#protocol.waiting);
    if (this.#rotationDue && this.#protocol.idle) void this.#rotate();
  }

  #stuck(): void {
    const { responseTimeoutMs } = this.#options;
    const error = this.#fault("timeout", `said nothing for ${responseTimeoutMs} ms although it was asked`);
    if (this.#link) this.#ended(this.#link, error);
    // Another connection is being opened; whoever answers for the call should know why. A session that is over has told it.
    if (!this.#over) this.#outlet.emit({ type: "error", error, fatal: false });
  }

  #scheduleRotation(withinMs: number): void {
    if (!this.#connected || this.#rotationDue) return;
    this.#stopRotation();
    this.#rotationDue = true;
    this.#stopRotation = this.#options.clock.setTimeout(() => void this.#rotate(), withinMs);
    // Not from within what asks for it.
    queueMicrotask(() => this.#moved());
  }

  /** Another connection takes over. The old one ends first: vendors refuse to resume what is still in use. */
  async #rotate(): Promise<void> {
    const link = this.#link;
    if (!link || !this.#connected) return;
    this.#rotationDue = false;
    this.#drop(link);
    this.#outlet.emit({ type: "reconnecting", attempt: 1 });
    await link.socket.closed;
    if (this.#over) return;
    await this.#openOrOtherwise().catch((error) => (this.#over ? undefined : this.#recover(this.#known(error))));
  }

  #fault(kind: ProviderErrorKind, what: string, cause?: unknown): ProviderError {
    const { provider } = this.#options;
    return new ProviderError(kind, `${provider} ${what}`, { provider, cause });
  }

  #known(error: unknown): RoomKitError {
    return toProviderError(error, { provider: this.#options.provider });
  }

  async #end(reason: string): Promise<void> {
    this.#over = true;
    const link = this.#link;
    if (link) this.#drop(link);
    this.#backlog.clear();
    this.#outlet.emit({ type: "closed", reason });
    this.#lifetime.abort(new RoomKitError("aborted", "the session is over"));
    this.#options.onClosed();
    await link?.socket.closed;
  }
}
