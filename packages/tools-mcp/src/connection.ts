import {
  type CallToolResult,
  Client,
  StreamableHTTPClientTransport,
  type Tool,
  type Transport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { abortedError, type Clock, RoomKitError, withTimeout } from "@roomkit/core";
import { boundedFetch } from "./bounded-fetch.ts";
import type { McpServer } from "./options.ts";

export interface ConnectionOptions {
  readonly server: McpServer;
  readonly clock: Clock;
  /** Longest handshake, and longest reading of the list, ms. */
  readonly timeoutMs: number;
  /** It is over, and nobody here has ended it. Called at most once, and only after {@link McpConnection.open} resolved. */
  readonly onLost: () => void;
  /** The server's list has changed, as it says. */
  readonly onListChanged: () => void;
}

/** Changes within so many ms are one. */
const LIST_DEBOUNCE_MS = 50;
const GOODBYE_MS = 1_000;
/** Longer than any time of ours: the SDK's own clock must not come first. */
const NO_TIMEOUT_MS = 2_147_483_647;

/** One connection to one server, from its handshake to its end. */
export class McpConnection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  readonly #transport: Transport;
  #state: "opening" | "open" | "over" = "opening";
  #closing: Promise<void> | undefined;

  /** @throws RoomKitError `mcp_unreachable`, `timeout`, `aborted`; nothing of it is left then. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<McpConnection> {
    const connection = new McpConnection(options);
    try {
      await connection.#connect(signal);
      return connection;
    } catch (error) {
      await connection.close();
      if (signal.aborted) throw abortedError(signal);
      if (RoomKitError.is(error)) throw error;
      throw new RoomKitError("mcp_unreachable", "the MCP server cannot be reached, or does not speak MCP", {
        cause: error,
        retryable: true,
      });
    }
  }

  private constructor(options: ConnectionOptions) {
    const { server, onListChanged } = options;
    this.#options = options;
    this.#transport = "command" in server ? program(server) : address(server, () => this.#onStreamLost());
    this.#client = new Client(
      { name: "roomkit", version: "0.1.0" },
      {
        // The channel gives a model a tool's result as text; what else it promises to be is nobody's concern.
        jsonSchemaValidator: {
          getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
        },
        listChanged: { tools: { autoRefresh: false, debounceMs: LIST_DEBOUNCE_MS, onChanged: () => onListChanged() } },
      },
    );
    this.#client.onclose = () => this.#lost();
  }

  /** Every tool the server has. @throws RoomKitError `timeout`, `aborted`, or what the SDK throws. */
  async list(signal: AbortSignal): Promise<readonly Tool[]> {
    const { clock, timeoutMs } = this.#options;
    const stop = new AbortController();
    const listing = this.#client.listTools(undefined, {
      signal: AbortSignal.any([signal, stop.signal]),
      timeout: NO_TIMEOUT_MS,
      cacheMode: "refresh",
    });
    try {
      return (await withTimeout(listing, timeoutMs, { clock, signal, what: "reading the MCP server's list" })).tools;
    } finally {
      stop.abort();
    }
  }

  /** One call; when `signal` aborts the server is told. */
  call(name: string, args: unknown, signal: AbortSignal): Promise<CallToolResult> {
    const params = { name, arguments: args as Record<string, unknown> };
    return this.#client.callTool(params, { signal, timeout: NO_TIMEOUT_MS });
  }

  /** Ends it, and the program that was started for it. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    const transport = this.#state === "open" ? this.#transport : undefined;
    this.#state = "over";
    // So that the server need not keep what it has of us. One that is gone is not waited for.
    if (transport instanceof StreamableHTTPClientTransport)
      await withTimeout(transport.terminateSession(), GOODBYE_MS, { clock }).catch(() => {});
    // A handshake that failed leaves a transport that no client knows.
    await Promise.allSettled([this.#client.close(), this.#transport.close()]);
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    const stop = new AbortController();
    const connecting = this.#client.connect(this.#transport, {
      signal: AbortSignal.any([signal, stop.signal]),
      timeout: NO_TIMEOUT_MS,
    });
    try {
      await withTimeout(connecting, timeoutMs, { clock, signal, what: "connecting to the MCP server" });
      if (this.#state === "over")
        throw new RoomKitError("mcp_unreachable", "the MCP server ended", { retryable: true });
      this.#state = "open";
    } finally {
      stop.abort();
    }
  }

  /** The stream on which a server at an address tells of changes is gone for good: so is the server, or what it knew. */
  #onStreamLost(): void {
    if (this.#state !== "open") return;
    this.#lost();
    void this.close();
  }

  #lost(): void {
    const lost = this.#state === "open";
    this.#state = "over";
    if (lost) this.#options.onLost();
  }
}

function program({ command, args = [], env, cwd }: Extract<McpServer, { readonly command: string }>): Transport {
  return new StdioClientTransport({
    command,
    args: [...args],
    // What a program says beside its messages is its own, and may hold anything.
    stderr: "ignore",
    ...(env && { env: { ...env } }),
    ...(cwd !== undefined && { cwd }),
  });
}

function address(
  { url, headers = {} }: Extract<McpServer, { readonly url: unknown }>,
  onStreamLost: () => void,
): Transport {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    fetch: boundedFetch,
    reconnectionOptions: {
      initialReconnectionDelay: 250,
      maxReconnectionDelay: 1_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  });
  transport.onerror = (error) => {
    if (/^Maximum reconnection attempts/.test(error.message)) onStreamLost();
  };
  return transport;
}
