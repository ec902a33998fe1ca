import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type ClientMessage,
  encodeAudioFrame,
  parseClientMessage,
  type ReadyMessage,
  type ServerMessage,
  samplesToPcm16,
  serializeServerMessage,
} from "@roomkit/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import type { Page } from "./page-source.ts";

/** Rate of what the assistant says, Hz. */
const VOICE_RATE = 16_000;
const FRAME = VOICE_RATE / 50;

/** One call, from the server's side, in the hands of a test. */
export class ScriptedCall {
  readonly received: ClientMessage[] = [];
  /** Binary frames the page sent. */
  audioFrames = 0;
  /** Pings are answered. */
  answering = true;
  readonly #socket: WebSocket;
  readonly #resumes: boolean;
  #utterances = 0;

  constructor(socket: WebSocket, resumes: boolean) {
    this.#socket = socket;
    this.#resumes = resumes;
    socket.on("error", () => {});
    socket.on("message", (data: Buffer, binary) => {
      if (binary) {
        this.audioFrames++;
        return;
      }
      const result = parseClientMessage(data.toString());
      if (!result.ok) throw new Error(`the page sent what a server refuses: ${result.message}`);
      this.received.push(result.message);
      this.#answer(result.message);
    });
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  say(message: ServerMessage): void {
    this.#socket.send(serializeServerMessage(message));
  }

  /** Says all of `samples` as one utterance, sent at once; returns its number. */
  speak(samples: Int16Array): number {
    const utterance = ++this.#utterances;
    for (let offset = 0; offset < samples.length; offset += FRAME) {
      const audio = samplesToPcm16(samples.slice(offset, offset + FRAME));
      this.#socket.send(encodeAudioFrame({ utterance, offset, end: offset + FRAME >= samples.length, audio }));
    }
    return utterance;
  }

  /** Breaks the connection as a network would. */
  break(): void {
    this.#socket.terminate();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #answer(message: ClientMessage): void {
    if (message.event === "ping" && this.answering) this.say({ type: "pong", t: message.t });
    if (message.event !== "start") return;
    const ready: ReadyMessage = {
      event: "ready",
      protocol: 1,
      session: "session_4f1c",
      resume: "token",
      resumed: message.resume !== undefined && this.#resumes,
      audio: {
        send: message.audio?.send ?? { codec: "pcm16", sampleRate: 16_000 },
        receive: { codec: "pcm16", sampleRate: VOICE_RATE },
      },
      limits: { maxMessageBytes: 262_144, messagesPerSecond: 100, idleMs: 60_000, resumeMs: 30_000 },
    };
    this.say(ready);
    this.say({ type: "state", state: "listening", since: 0 });
  }
}

/** A server that serves the page and does with calls whatever a test wants. For development and tests only. */
export class ScriptedServer {
  readonly calls: ScriptedCall[] = [];
  /** What an upgrade and `config` answer instead of being served. */
  refuse: number | undefined;
  /** It has the sessions that clients come back to. */
  resumes = true;
  onCall: (call: ScriptedCall) => void = () => {};
  readonly #http: Server;
  readonly #page: Page;

  private constructor(http: Server, page: Page) {
    this.#http = http;
    this.#page = page;
    const sockets = new WebSocketServer({ noServer: true });
    http.on("upgrade", (request, socket, head) => {
      if (this.refuse !== undefined || !request.url?.startsWith("/voice/websocket/offer")) {
        socket.end(`HTTP/1.1 ${this.refuse ?? 404} No\r\nConnection: close\r\n\r\n`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        const call = new ScriptedCall(accepted, this.resumes);
        this.calls.push(call);
        this.onCall(call);
      });
    });
    http.on("request", (request, response) => {
      if (request.url?.startsWith("/voice/config")) {
        response.writeHead(this.refuse ?? 200, { "content-type": "application/json" });
        response.end("{}");
        return;
      }
      page.serve(request, response);
    });
  }

  static async listen(page: Page, port = 0): Promise<ScriptedServer> {
    const http = createServer();
    const server = new ScriptedServer(http, page);
    await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
    return server;
  }

  /** Where the page is. */
  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}${this.#page.path}`;
  }

  get call(): ScriptedCall {
    const call = this.calls.at(-1);
    if (call) return call;
    throw new Error("nobody called");
  }

  async close(): Promise<void> {
    for (const call of this.calls) call.break();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    await this.#page.close();
  }
}
