import {
  type ByeMessage,
  CloseCode,
  type ReadyMessage,
  type V1ClientMessage,
  type V1ServerMessage,
} from "@roomkit/protocol";
import { abortedError, unlessAborted } from "../abort.ts";
import type { ClientClock } from "../clock.ts";
import { VoiceClientError } from "../errors.ts";
import { expiredCodes } from "../transport/close-reason.ts";
import type { ReceivedAudio, Transport, TransportClose, TransportHandlers } from "../transport/transport.ts";
import { backoffMs, type ReconnectOptions } from "./backoff.ts";
import { KeepAlive } from "./keep-alive.ts";
import type { Page } from "./page.ts";

interface LinkHandlers {
  /** Connected: first, or again. */
  onUp(ready: ReadyMessage, transport: Transport): void;
  /** The connection is gone; another is being tried. */
  onDown(close: TransportClose): void;
  /** The connection stands, and nothing comes over it though it should; {@link Link.quietMs} says for how long. */
  onQuiet(): void;
  onMessage(message: V1ServerMessage): void;
  onAudio(audio: ReceivedAudio): void;
  onStream(stream: MediaStream): void;
  /** The call is over for good, though nobody called `close`. `error` is absent when the server ended it as planned. */
  onEnd(reason: string, error: VoiceClientError | undefined): void;
}

/** What one attempt to connect is made with. */
export interface AttemptOptions {
  readonly resume: string | undefined;
  readonly handlers: TransportHandlers;
  /** Aborts when the attempt took too long or the call ended. */
  readonly signal: AbortSignal;
}

interface Connected {
  readonly transport: Transport;
  readonly ready: ReadyMessage;
  /** What came right behind `ready`. */
  readonly early: (() => void)[];
}

export interface LinkOptions {
  /** Makes the transport of the next attempt. */
  makeTransport(attempt: AttemptOptions): Promise<Transport>;
  readonly handlers: LinkHandlers;
  readonly reconnect: ReconnectOptions | undefined;
  /** From the attempt to the server's `ready`, ms. */
  readonly connectTimeoutMs: number;
  readonly pingEveryMs: number;
  readonly deadAfterMs: number;
  readonly clock: ClientClock;
  readonly page: Page;
  /** 0 to 1; for the back-off. */
  random(): number;
}

/** `bye` reasons of older servers that are the normal end of a call. */
const PLANNED: ReadonlySet<string> = new Set(["client_closed", "server_closed", "closed"]);
/**
 * What is said by whatever stands in the place of a server that is away (a proxy's error page, a web server without the mount),
 * and what a token function gives meanwhile. The address and the options have worked once, so a call is not ended for these.
 */
const PASSING: ReadonlySet<string> = new Set(["connection_failed", "invalid_option", "unknown_path"]);
/** Two signs that the server is gone are this far apart, ms: a network that is just changing gives one. */
const SURE_MS = 250;

/** One call's line to its server: connects, notices when the connection is lost, and connects again into the same session. */
export class Link {
  readonly #options: LinkOptions;
  readonly #abort = new AbortController();
  readonly #unwatch: () => void;
  #transport: Transport | undefined;
  #keepAlive: KeepAlive | undefined;
  #resume: string | undefined;
  #bye: ByeMessage | undefined;
  #upSince = 0;
  /** Attempts to connect again since it last stood for a while. */
  #attempts = 0;
  /** What ends the current waits. */
  readonly #sleepers = new Set<() => void>();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#unwatch = options.page.onChange(() => {
      this.#keepAlive?.probe();
      if (options.page.online) this.#wake();
    });
  }

  /** The connection in use; undefined while there is none. */
  get transport(): Transport | undefined {
    return this.#transport;
  }

  get roundTripMs(): number | undefined {
    return this.#keepAlive?.roundTripMs;
  }

  /** For how long the server has not answered though it should have, ms; undefined when all is well. */
  get quietMs(): number | undefined {
    return this.#keepAlive?.quietMs;
  }

  /** The first connection. Not tried again: whoever called is there to decide. @throws VoiceClientError */
  async open(signal?: AbortSignal): Promise<void> {
    try {
      this.#up(await this.#attempt(signal));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(message: V1ClientMessage): void {
    this.#transport?.send(message);
  }

  /** Ends the call; nothing is reported after it. */
  close(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(new VoiceClientError("aborted", "the call was ended"));
    this.#unwatch();
    this.#drop();
    this.#wake();
  }

  async #attempt(signal?: AbortSignal): Promise<Connected> {
    const { clock, connectTimeoutMs, makeTransport } = this.#options;
    const attempt = new AbortController();
    let transport: Transport | undefined;
    const cancel = clock.setTimeout(() => {
      const message = `no ${transport ? "answer" : "token"} within ${connectTimeoutMs} ms`;
      attempt.abort(new VoiceClientError("connection_timeout", message, { retryable: true }));
    }, connectTimeoutMs);
    const sources = [this.#abort.signal, ...(signal ? [signal] : [])];
    const onAbort = (): void =>
      attempt.abort(abortedError(sources.find(({ aborted }) => aborted) ?? this.#abort.signal));
    for (const source of sources) source.addEventListener("abort", onAbort);
    let making: Promise<Transport> | undefined;
    const early: (() => void)[] = [];
    try {
      const aborted = sources.find((source) => source.aborted);
      if (aborted) throw abortedError(aborted);
      making = makeTransport({
        resume: this.#resume,
        handlers: this.#transportHandlers(() => this.#transport === transport, early),
        signal: attempt.signal,
      });
      transport = await unlessAborted(making, attempt.signal);
      return { transport, early, ready: await transport.connect(attempt.signal) };
    } catch (error) {
      // One that comes too late is let go as well.
      making?.then((late) => late.close()).catch(() => {});
      throw VoiceClientError.from(error, "connection_failed");
    } finally {
      cancel();
      for (const source of sources) source.removeEventListener("abort", onAbort);
    }
  }

  #transportHandlers(current: () => boolean, early: (() => void)[]): TransportHandlers {
    const { handlers } = this.#options;
    const once =
      <T>(handle: (what: T) => void) =>
      (what: T): void => {
        if (current()) handle(what);
        else early.push(() => current() && handle(what));
      };
    return {
      onMessage: once((message) => {
        this.#keepAlive?.heard();
        if (!("type" in message)) return;
        if (message.type === "pong") this.#keepAlive?.pong(message.t);
        else if (message.type === "bye") this.#bye = message;
        else handlers.onMessage(message);
      }),
      onAudio: once((audio) => {
        this.#keepAlive?.heard();
        handlers.onAudio(audio);
      }),
      onStream: once((stream) => handlers.onStream(stream)),
      onClose: once((close) => this.#lost(close)),
    };
  }

  #up({ transport, ready, early }: Connected): void {
    if (this.#abort.signal.aborted) {
      transport.send({ event: "stop" });
      transport.close();
      throw abortedError(this.#abort.signal);
    }
    const { clock, deadAfterMs, pingEveryMs, handlers } = this.#options;
    this.#transport = transport;
    this.#resume = ready.resume;
    this.#bye = undefined;
    this.#upSince = clock.now();
    const { idleMs } = ready.limits;
    this.#keepAlive = new KeepAlive({
      clock,
      everyMs: idleMs > 0 ? Math.min(pingEveryMs, idleMs / 3) : pingEveryMs,
      timeoutMs: deadAfterMs,
      ping: (t) => transport.send({ event: "ping", t }),
      onQuiet: () => {
        handlers.onQuiet();
        void this.#ask(transport);
      },
      onDead: () => {
        transport.close();
        this.#lost({ code: "connection_lost", message: `nothing heard for ${deadAfterMs} ms`, retryable: true });
      },
    });
    handlers.onUp(ready, transport);
    for (const each of early.splice(0)) each();
  }

  /** A process that was killed refuses a new connection at once; one that is only busy lets it wait, and is waited for. */
  async #ask(transport: Transport): Promise<void> {
    const { page } = this.#options;
    const gone = async (): Promise<boolean> =>
      page.online && this.#transport === transport && (await transport.serverGone?.().catch(() => false)) === true;
    if (!(await gone())) return;
    await this.#sleep(SURE_MS);
    if (!(await gone()) || this.quietMs === undefined || this.#transport !== transport) return;
    transport.close();
    this.#lost({ code: "connection_lost", message: "the server is gone", retryable: true });
  }

  #drop(): void {
    this.#keepAlive?.stop();
    this.#keepAlive = undefined;
    this.#transport?.close();
    this.#transport = undefined;
  }

  #lost(close: TransportClose): void {
    const bye = this.#bye;
    this.#drop();
    const gone = bye !== undefined && !bye.resumable;
    const inPeace = bye?.code === undefined ? PLANNED.has(bye?.reason ?? "") : bye.code === CloseCode.NORMAL;
    const planned = gone ? inPeace : close.code === "server_closed";
    const { reconnect, handlers } = this.#options;
    if (planned) {
      this.#end(bye?.reason ?? close.code, undefined);
    } else if (gone || !close.retryable || reconnect === undefined) {
      this.#fail(new VoiceClientError(bye?.reason ?? close.code, close.message, { retryable: close.retryable }));
    } else {
      handlers.onDown(close);
      void this.#reconnect(reconnect);
    }
  }

  async #reconnect(options: ReconnectOptions): Promise<void> {
    const { clock, page, random } = this.#options;
    const deadline = clock.now() + options.giveUpAfterMs;
    // One that is lost as soon as it stands is not asked for again and again without a pause.
    if (clock.now() - this.#upSince >= options.maxDelayMs) this.#attempts = 0;
    for (;;) {
      await this.#sleep(Math.min(backoffMs(options, this.#attempts++, random()), deadline - clock.now()));
      if (!page.online) await this.#sleep(deadline - clock.now());
      if (this.#abort.signal.aborted) return;
      try {
        const connected = await this.#attempt();
        const { transport, ready } = connected;
        if (!ready.resumed && !options.newSession) {
          transport.send({ event: "stop" });
          transport.close();
          throw new VoiceClientError("session_expired", "the server no longer has the session");
        }
        this.#up(connected);
        return;
      } catch (cause) {
        if (this.#abort.signal.aborted) return;
        // One that came up and could not be used.
        this.#drop();
        const error = VoiceClientError.from(cause, "connection_failed");
        const expired = expiredCodes.has(error.code) && this.#resume !== undefined;
        if (expired && options.newSession) this.#resume = undefined;
        else if (expired) return this.#fail(new VoiceClientError("session_expired", error.message, { cause }));
        else if (!error.retryable && !PASSING.has(error.code)) return this.#fail(error);
        if (clock.now() < deadline) continue;
        const away = `not back within ${options.giveUpAfterMs} ms`;
        return this.#fail(new VoiceClientError("connection_lost", away, { retryable: true, cause }));
      }
    }
  }

  #fail(error: VoiceClientError): void {
    this.#end(error.code, error);
  }

  #end(reason: string, error: VoiceClientError | undefined): void {
    this.close();
    this.#options.handlers.onEnd(reason, error);
  }

  /** Waits, or not any longer once the network is back or the call is over. */
  #sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.#abort.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#sleepers.delete(done);
        resolve();
      };
      const cancel = this.#options.clock.setTimeout(done, ms);
      this.#sleepers.add(done);
    });
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake();
  }
}
