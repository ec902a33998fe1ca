import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

/** A server of the official SDK with tools of every manner. */
export function mcpServer(log: (line: string) => void = () => {}): McpServer {
  const server = new McpServer({ name: "fixture", version: "1.0.0" });
  const text = (words: string) => ({ content: [{ type: "text" as const, text: words }] });
  server.registerTool(
    "echo",
    {
      description: "Says it again.",
      inputSchema: z.object({ text: z.string() }),
      annotations: { readOnlyHint: true },
    },
    ({ text: words }) => text(`echo ${words}`),
  );
  server.registerTool("who", { description: "Which process this is." }, () => text(String(process.pid)));
  server.registerTool("env", { description: "What it was given." }, () => text(Object.keys(process.env).join(" ")));
  server.registerTool(
    "slow",
    { description: "Takes its time.", inputSchema: z.object({ ms: z.number() }) },
    async ({ ms }, { mcpReq }) => {
      log("slow begins");
      mcpReq.signal.addEventListener("abort", () => log("slow is cancelled"));
      await new Promise((resolve) => setTimeout(resolve, ms));
      log("slow ends");
      return text("at last");
    },
  );
  server.registerTool("die", { description: "Ends the process." }, () => process.exit(1));
  server.registerTool("throws", { description: "Fails." }, () => {
    throw new Error("no such table\n    at Database.query (/srv/secret/db.js:10:3)");
  });
  server.registerTool("python", { description: "Fails as Python does." }, () => ({
    isError: true,
    ...text('Traceback (most recent call last):\n  File "/srv/secret/db.py", line 3, in query\nKeyError: no such key'),
  }));
  server.registerTool("big", { description: "Says much." }, () => text("x".repeat(100_000)));
  server.registerTool("mixed", { description: "Says and shows." }, () => ({
    content: [
      { type: "text" as const, text: "a picture:" },
      { type: "image" as const, data: "AAAA", mimeType: "image/png" },
    ],
  }));
  server.registerTool("noise", { description: "Writes what is no message." }, () => {
    process.stdout.write("Loading the model...\n{ not json\n\n\u0000\u0001\n");
    return text("heard through the noise");
  });
  server.registerTool("dotted.name", { description: "Has a name no model takes." }, () => text("dotted"));
  const grown = server.registerTool("grow", { description: "Adds the tool `added`." }, () => {
    server.registerTool("added", { description: "Came late." }, () => text("added"));
    return text("grown");
  });
  server.registerTool("shrink", { description: "Takes `grow` away." }, () => {
    grown.remove();
    return text("shrunk");
  });
  return server;
}

/** The same at an address of this machine. */
export class HttpFixture {
  readonly log: string[] = [];
  readonly #sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  #server: HttpServer | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** On the port it had before, if it had one. */
  async start(): Promise<this> {
    const http = createServer(async (request, response) => {
      this.log.push(`${request.method} ${request.headers.authorization ?? ""}`.trim());
      const id = request.headers["mcp-session-id"];
      const known = typeof id === "string" ? this.#sessions.get(id) : undefined;
      if (typeof id === "string" && !known) return void response.writeHead(404).end();
      await (known ?? (await this.#session())).handleRequest(request, response);
    });
    this.#server = http;
    await new Promise<void>((resolve) => http.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (http.address() as AddressInfo).port;
    return this;
  }

  /** Ends like a process that is killed. */
  async stop(): Promise<void> {
    this.forget();
    const http = this.#server;
    this.#server = undefined;
    http?.closeAllConnections();
    await new Promise<void>((resolve) => (http ? http.close(() => resolve()) : resolve()));
  }

  /** Knows nobody any more, as after a restart behind a proxy. */
  forget(): void {
    this.#sessions.clear();
  }

  async #session(): Promise<NodeStreamableHTTPServerTransport> {
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void this.#sessions.set(id, transport),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    });
    await mcpServer((line) => this.log.push(line)).connect(transport);
    return transport;
  }
}
