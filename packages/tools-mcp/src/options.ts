import {
  assertOptions,
  type Clock,
  type Logger,
  type OptionRanges,
  optionsWithin,
  type Resolved,
  RoomKitError,
} from "@roomkit/core";
import type { ToolContext } from "@roomkit/tools";

/** Where a server is: a program to be started that speaks on its standard input and output, or an address (streamable HTTP). */
export type McpServer =
  | {
      readonly command: string;
      readonly args?: readonly string[] | undefined;
      /** Beside the few variables every such program gets: `PATH`, `HOME` and the like, nothing else of this process. */
      readonly env?: Readonly<Record<string, string>> | undefined;
      readonly cwd?: string | undefined;
    }
  | {
      readonly url: string | URL;
      /** Sent with every request: `{ authorization: "Bearer ..." }`. */
      readonly headers?: Readonly<Record<string, string>> | undefined;
    };

/** A tool as its server tells of it. */
export interface McpTool {
  readonly name: string;
  readonly description: string;
  /** What the server says of it (`readOnlyHint`, `destructiveHint`, ...). It may be wrong: trust it as far as the server. */
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** A call that is to be approved; `arguments` fit the tool's schema. */
export interface McpCall extends McpTool {
  readonly arguments: unknown;
}

export interface McpToolsOptions {
  readonly server: McpServer;
  /** Which of the server's tools the model may use: their names, or a function that says. What is not named is not offered. */
  readonly tools: readonly string[] | ((tool: McpTool) => boolean);
  /** Stands before the names of tools as the model sees them. Default none. */
  readonly prefix?: string | undefined;
  /**
   * Asked before each call: true lets it through, false or a reason refuses it; the model hears the reason. What it throws refuses, too.
   * Default: all calls are let through.
   */
  readonly approve?:
    | ((call: McpCall, context: ToolContext) => boolean | string | Promise<boolean | string>)
    | undefined;
  /** How long `approve` may take in ms; the call is refused then. Default 30,000. */
  readonly approveTimeoutMs?: number | undefined;
  /** Longest handshake, and longest reading of the server's list, in ms. Default 15,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest call in ms, waiting for a server that is being connected to again included. Default 15,000. */
  readonly callTimeoutMs?: number | undefined;
  /** Characters of a result that are kept. Default 16,384. */
  readonly maxResultChars?: number | undefined;
  /** Tools of the server that are taken at most. Default 64. */
  readonly maxTools?: number | undefined;
  /** Tries in a row to reach a server again that died. Default 5. */
  readonly maxReconnects?: number | undefined;
  /** The pause before the first of them in ms; it doubles with each, up to 10 s. Default 250. */
  readonly reconnectDelayMs?: number | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}

/** `failed`: it died, and could not be reached again. `connect()` tries anew. */
export type McpToolsState = "idle" | "connecting" | "connected" | "reconnecting" | "failed" | "closed";

const numbers = {
  approveTimeoutMs: 30_000,
  connectTimeoutMs: 15_000,
  callTimeoutMs: 15_000,
  maxResultChars: 16_384,
  maxTools: 64,
  maxReconnects: 5,
  reconnectDelayMs: 250,
};

const ranges: OptionRanges<typeof numbers> = {
  approveTimeoutMs: [1, 3_600_000],
  connectTimeoutMs: [1, 600_000],
  callTimeoutMs: [1, 3_600_000],
  maxResultChars: [1, 10_000_000],
  maxTools: [1, 1_000],
  maxReconnects: [0, 1_000],
  reconnectDelayMs: [0, 60_000],
};

export type McpSettings = Resolved<Pick<McpToolsOptions, keyof typeof numbers | "prefix" | "logger" | "clock">> &
  Pick<McpToolsOptions, "server" | "tools" | "approve">;

/** @throws RoomKitError `invalid_option`. */
export function resolveOptions(
  options: McpToolsOptions,
  defaults: { readonly logger: Logger; readonly clock: Clock },
): McpSettings {
  assertOptions("McpTools", options, {
    required: ["server", "tools"],
    string: ["prefix"],
    strings: ["tools"],
    number: Object.keys(numbers) as (keyof typeof numbers)[],
    function: ["tools", "approve"],
    object: ["server", "logger", "clock"],
  });
  const { server, tools, approve, prefix = "", logger = defaults.logger, clock = defaults.clock } = options;
  if (!/^[a-zA-Z0-9_-]{0,32}$/.test(prefix))
    throw new RoomKitError("invalid_option", "prefix has at most 32 letters, digits, _ or -");
  assertServer(server);
  return { server, tools, approve, prefix, logger, clock, ...optionsWithin(options, numbers, ranges) };
}

function assertServer(server: McpServer): void {
  if ("command" in server) {
    assertOptions("McpTools: server", server, {
      required: ["command"],
      string: ["command", "cwd"],
      strings: ["args"],
      object: ["env"],
    });
    return;
  }
  assertOptions("McpTools: server", server, { required: ["url"], string: ["url"], object: ["url", "headers"] });
  if (!URL.canParse(String(server.url)) || !/^https?:$/.test(new URL(server.url).protocol))
    throw new RoomKitError("invalid_option", "McpTools: server.url must be an http or https address");
  const { username, password } = new URL(server.url);
  // Nothing is fetched from such an address, and the error would hold it.
  if (username !== "" || password !== "")
    throw new RoomKitError("invalid_option", "McpTools: server.url holds a name or a password: use server.headers");
}
