import {
  AbortScope,
  abortedError,
  consoleLogger,
  errorFields,
  RoomKitError,
  systemClock,
  untilAborted,
  withTimeout,
} from "@roomkit/core";
import type { Tool, ToolContext, ToolSource } from "@roomkit/tools";
import { McpConnection } from "./connection.ts";
import { offeredTools } from "./offered-tools.ts";
import { type McpSettings, type McpTool, type McpToolsOptions, type McpToolsState, resolveOptions } from "./options.ts";
import { callError, failureText, isBroken, isForgotten, isUnreachable, resultText, unknownOutcome } from "./result.ts";

const LONGEST_DELAY_MS = 10_000;
/** A connection that stood so long was a good one: those after it have all their tries again. */
const STABLE_MS = 30_000;

/**
 * The tools of one MCP server, for the `tools` of a channel. Connected to once, by {@link connect}; when the server dies it is reached
 * again, a bounded number of times, while its tools stay offered and calls wait. Orders:
 *
 * | while                    | a call                            | the list                          | `close`                      |
 * | ------------------------ | --------------------------------- | --------------------------------- | ---------------------------- |
 * | it connects              | there are no tools yet            | is read once it stands            | gives it up                  |
 * | it stands                | is made                           | is read anew, and changes         | ends calls, list and program |
 * | the server dies          | under way: outcome not known      | stays                             | nothing is tried any more    |
 * | it is reached again      | waits, within its time            | is read anew                      | gives it up                  |
 * | it cannot be reached     | there are no tools any more       | is empty until `connect`          | nothing is left              |
 */
export class McpTools implements ToolSource {
  readonly #settings: McpSettings;
  readonly #listeners = new Set<() => void>();
  readonly #lifetime = new AbortScope();
  #state: McpToolsState = "idle";
  #tools: readonly Tool[] = [];
  /** The connection, or the one that is being made. */
  #connection: Promise<McpConnection> | undefined;
  /** All that stand or are being ended. */
  readonly #open = new Set<McpConnection>();
  #connectedAt = 0;
  /** Tries in a row that led to nothing, or to a connection that did not last. */
  #tries = 0;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #closing: Promise<void> | undefined;

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: McpToolsOptions) {
    this.#settings = resolveOptions(options, { logger: consoleLogger, clock: systemClock });
  }

  get state(): McpToolsState {
    return this.#state;
  }

  get tools(): readonly Tool[] {
    return this.#tools;
  }

  onToolsChanged(listener: () => void): () => void {
    // One listener may be given twice, and each goes by itself.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /**
   * Reaches the server and reads its list. Once it stands this does nothing.
   *
   * @throws RoomKitError `mcp_unreachable`, `timeout`, `aborted`, `closed`; nothing is left then, and it may be called again.
   */
  async connect(signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (this.#state === "closed") throw closedError();
    if (!this.#connection) {
      this.#tries = 0;
      this.#state = "connecting";
      this.#connection = this.#begin(signal);
    }
    try {
      await untilAborted(this.#connection, signal);
    } catch (error) {
      // Somebody else gave up what they had begun.
      if (signal.aborted || !RoomKitError.is(error, "aborted")) throw error;
      await this.connect(signal);
    }
  }

  /** Ends the connection, and the program that was started for it. Calls under way end; no tools are left. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    this.#lifetime.abort(closedError());
    this.#offer([]);
    const last = this.#connection;
    this.#connection = undefined;
    // What is being opened closes itself.
    await last?.catch(() => {});
    await Promise.all([...this.#open].map((connection) => this.#end(connection)));
    this.#listeners.clear();
  }

  /** The first connection: a failure is its caller's. */
  async #begin(signal: AbortSignal): Promise<McpConnection> {
    try {
      return await this.#reach(signal);
    } catch (error) {
      if (this.#state === "connecting") this.#state = "idle";
      this.#connection = undefined;
      throw this.#lifetime.aborted ? closedError() : error;
    }
  }

  /** One try: a connection whose list has been read. */
  async #reach(...signals: AbortSignal[]): Promise<McpConnection> {
    const { server, clock, connectTimeoutMs } = this.#settings;
    const scope = this.#lifetime.child(...signals);
    let connection: McpConnection | undefined;
    let lost = false;
    try {
      const made: McpConnection = await McpConnection.open(
        {
          ...{ server, clock, timeoutMs: connectTimeoutMs },
          onLost: () => {
            lost = true;
            if (connection) this.#lost(connection);
          },
          onListChanged: () => this.#read(made),
        },
        scope.signal,
      );
      this.#open.add(made);
      const tools = await made.list(scope.signal).catch(async (error: unknown) => {
        await this.#end(made);
        throw RoomKitError.from(error, "mcp_unreachable");
      });
      if (lost || scope.aborted) {
        await this.#end(made);
        throw scope.aborted ? abortedError(scope.signal) : new RoomKitError("mcp_unreachable", "the MCP server ended");
      }
      connection = made;
      this.#connectedAt = clock.now();
      this.#state = "connected";
      this.#offer(this.#toolsOf(tools));
      return made;
    } finally {
      scope.release();
    }
  }

  /** It died by itself: it is reached again, in the background. */
  #lost(connection: McpConnection): void {
    this.#open.delete(connection);
    if (this.#state !== "connected") return;
    const { clock, logger } = this.#settings;
    if (clock.now() - this.#connectedAt >= STABLE_MS) this.#tries = 0;
    this.#state = "reconnecting";
    logger.warn({}, "the MCP server is gone, trying to reach it again");
    const again = this.#reconnect();
    this.#connection = again;
    again.catch(() => {
      if (this.#connection !== again) return;
      this.#connection = undefined;
      this.#state = "failed";
      this.#offer([]);
    });
  }

  async #reconnect(): Promise<McpConnection> {
    const { clock, logger, maxReconnects, reconnectDelayMs } = this.#settings;
    while (this.#tries < maxReconnects) {
      const delay = Math.min(LONGEST_DELAY_MS, reconnectDelayMs * 2 ** this.#tries);
      this.#tries++;
      await clock.sleep(delay, this.#lifetime.signal);
      try {
        return await this.#reach();
      } catch (error) {
        if (this.#lifetime.aborted) throw closedError();
        logger.warn(
          { attempt: this.#tries, ...errorFields(RoomKitError.from(error)) },
          "the MCP server is not reached",
        );
      }
    }
    throw new RoomKitError("mcp_unreachable", "the MCP server died and could not be reached again");
  }

  async #end(connection: McpConnection): Promise<void> {
    await connection.close();
    this.#open.delete(connection);
  }

  /** Reads the list of a connection anew: one reading at a time, and once more when it changed meanwhile. A failure leaves the old one. */
  #read(connection: McpConnection): void {
    this.#readAgain = this.#reading !== undefined;
    this.#reading ??= this.#readOnce(connection).finally(() => {
      this.#reading = undefined;
      if (this.#readAgain) this.#read(connection);
    });
  }

  async #readOnce(connection: McpConnection): Promise<void> {
    try {
      const tools = this.#toolsOf(await connection.list(this.#lifetime.signal));
      if (this.#open.has(connection) && !this.#lifetime.aborted) this.#offer(tools);
    } catch (error) {
      if (this.#lifetime.aborted) return;
      this.#settings.logger.warn(errorFields(RoomKitError.from(error)), "the MCP server's list was not read");
    }
  }

  #toolsOf(list: Parameters<typeof offeredTools>[0]): readonly Tool[] {
    return offeredTools(list, this.#settings, (tool, args, context) => this.#call(tool, args, context));
  }

  #offer(tools: readonly Tool[]): void {
    if (this.#tools.length === 0 && tools.length === 0) return;
    this.#tools = tools;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#settings.logger.error(errorFields(RoomKitError.from(error)), "a listener failed");
      }
    }
  }

  async #call(tool: McpTool, args: unknown, context: ToolContext): Promise<string> {
    await this.#approve(tool, args, context);
    const { clock, callTimeoutMs, maxResultChars } = this.#settings;
    const running = this.#lifetime.child(context.signal);
    let sent = false;
    const made = this.#make(tool.name, args, running.signal, () => {
      sent = true;
    });
    try {
      const what = `tool ${tool.name}`;
      const { content, structuredContent, isError } = await withTimeout(made, callTimeoutMs, {
        ...{ clock, what, signal: running.signal },
      });
      if (isError) throw new RoomKitError("tool_failed", failureText(content, maxResultChars));
      return resultText(content, structuredContent, maxResultChars);
    } catch (error) {
      // Called off after the server has it: nobody knows what became of it.
      if (running.aborted) throw sent ? unknownOutcome() : abortedError(running.signal);
      throw callError(error);
    } finally {
      running.abort(new RoomKitError("aborted", "the call is over"));
    }
  }

  /** The call itself, and once more where the server has forgotten the connection and so has not made it. */
  async #make(name: string, args: unknown, signal: AbortSignal, onSent: () => void): ReturnType<McpConnection["call"]> {
    for (let again = false; ; again = true) {
      const connection = await untilAborted(this.#ready(), signal);
      onSent();
      try {
        return await connection.call(name, args, signal);
      } catch (error) {
        const notMade = isForgotten(error) || isUnreachable(error);
        if (!signal.aborted && (notMade || isBroken(error))) this.#giveUp(connection);
        if (signal.aborted || !notMade || again) throw error;
      }
    }
  }

  async #ready(): Promise<McpConnection> {
    const connection = this.#connection;
    if (!connection)
      throw new RoomKitError("tool_failed", "The call was not made: the tool's server cannot be reached.");
    return connection.catch(() => {
      throw new RoomKitError("tool_failed", "The call was not made: the tool's server cannot be reached.");
    });
  }

  /** A connection that stands for nothing any more, though nobody has said that it ended. */
  #giveUp(connection: McpConnection): void {
    if (!this.#open.has(connection)) return;
    this.#lost(connection);
    void connection.close();
  }

  async #approve(tool: McpTool, args: unknown, context: ToolContext): Promise<void> {
    const { approve, approveTimeoutMs, clock, logger } = this.#settings;
    if (!approve) return;
    let answer: boolean | string = false;
    try {
      const asked = Promise.resolve().then(() => approve({ ...tool, arguments: args }, context));
      answer = await withTimeout(asked, approveTimeoutMs, { clock, signal: context.signal, what: "approving a call" });
    } catch (error) {
      if (context.signal.aborted) throw abortedError(context.signal);
      logger.warn({ tool: tool.name, ...errorFields(RoomKitError.from(error)) }, "a call was not approved");
    }
    if (answer === true) return;
    const reason = typeof answer === "string" && answer !== "" ? `: ${answer}` : ".";
    throw new RoomKitError("tool_failed", `The call was not allowed${reason}`);
  }
}

function closedError(): RoomKitError {
  return new RoomKitError("closed", "the MCP tools are closed");
}
