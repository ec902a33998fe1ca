import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { type AudioFrame, type CloseReason, silentLogger, type VoiceConnection } from "@roomkit/core";
import { werift } from "@roomkit/webrtc-engine-werift";
import {
  type IceServer,
  type MediaWorkersOptions,
  mountRealtime,
  type OutboundAudio,
  type WebRTCLimits,
  WebRTCTransport,
} from "../src/index.ts";
import { page } from "./page.fixture.ts";

export interface EchoOptions {
  /** Address of HTTP. Default 127.0.0.1. */
  readonly host?: string;
  /** Of HTTP. Default any. */
  readonly port?: number;
  /** Address of media. Default `host`. */
  readonly mediaAddress?: string;
  readonly outboundAudio?: OutboundAudio;
  /** In and out, Hz. Default 24,000. */
  readonly sampleRate?: 16_000 | 24_000;
  readonly limits?: WebRTCLimits;
  readonly workers?: MediaWorkersOptions;
  readonly iceServers?: readonly IceServer[];
  /** Play back what is heard. Default true. */
  readonly echo?: boolean;
  /** A file served as `/client.js`. */
  readonly script?: string;
  /** Sees each frame; `now` on the process's clock, ms. */
  readonly onFrame?: (frame: AudioFrame, now: number) => void;
}

/** One caller as the application sees it. */
interface Call {
  readonly connection: VoiceConnection;
  /** Of the caller's audio. */
  heardMs: number;
  readonly texts: string[];
  ended: CloseReason | undefined;
}

export interface EchoServer {
  /** Of the page. */
  readonly url: string;
  readonly transport: WebRTCTransport;
  readonly calls: Call[];
  readonly webSocketCalls: Call[];
  stop(): Promise<void>;
}

/** A real server on one port: both transports, a page, and an application that says back what it hears and reads. */
export async function startEcho(options: EchoOptions = {}): Promise<EchoServer> {
  const {
    sampleRate = 24_000,
    host = "127.0.0.1",
    mediaAddress = host,
    outboundAudio = "opus",
    limits,
    iceServers,
    echo = true,
    onFrame,
  } = options;
  const server = createServer((request, response) => {
    if (options.script !== undefined && request.url === "/client.js") {
      response.writeHead(200, { "content-type": "text/javascript" });
      response.end(readFileSync(options.script));
      return;
    }
    response.writeHead(200, { "content-type": "text/html" });
    response.end(page);
  });
  // No connection waits for another request: what is open is in use.
  server.maxRequestsPerSocket = 1;
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, host, resolve));
  const transport: WebRTCTransport = new WebRTCTransport({
    opus: opus(),
    mulaw: mulaw(),
    engine: werift({ listenAddresses: [mediaAddress], logger: silentLogger }),
    ...(options.workers ? { workers: options.workers } : {}),
    logger: silentLogger,
    inputSampleRate: sampleRate,
    outputSampleRate: sampleRate,
    outboundAudio,
    // That the machine is busy with other things is no reason to refuse a call.
    limits: { lagMs: 10_000, utilization: 1, ...limits },
    // Beside the WebSocket, where one client finds both.
    signalling: { sessionFactory: (id) => transport.connect("room", "caller", "voice", { id }) },
  });
  const backend = new WebSocketBackend({
    inputSampleRate: sampleRate,
    outputSampleRate: sampleRate,
    codec: mulaw(),
    logger: silentLogger,
  });
  const calls: Call[] = [];
  const webSocketCalls: Call[] = [];
  const serve = (connection: VoiceConnection, list: Call[]): void => {
    const call: Call = { connection, heardMs: 0, texts: [], ended: undefined };
    list.push(call);
    connection.onAudio((frame) => {
      call.heardMs += (frame.samples.length * 1000) / frame.sampleRate;
      onFrame?.(frame, performance.now());
      if (echo) connection.play("echo", outbound(frame, connection.outbound.sampleRate));
    });
    connection.onInput((input) => {
      if (input.type !== "text") return;
      call.texts.push(input.text);
      if (input.text === "hang up") {
        void connection.close();
        return;
      }
      connection.send({ type: "transcript", id: "t", role: "assistant", text: input.text, final: true, revision: 0 });
    });
    connection.onClose((reason) => {
      call.ended = reason;
    });
  };
  const unmounts = [
    mountRealtime(server, transport, {
      allowAnonymous: true,
      perAddressLimit: 1_000,
      concurrencyLimit: 1_000,
      ...(iceServers ? { iceServers } : {}),
      sessionFactory: (id) => transport.connect("room", "caller", "voice", { id }),
    }),
    mountVoice(server, backend, {
      allowAnonymous: true,
      webrtc: transport,
      sessionFactory: (id) => backend.connect("room", "caller", "voice", { id }),
    }),
  ];
  transport.onSessionReady((_session, connection) => serve(connection, calls));
  backend.onSessionReady((_session, connection) => serve(connection, webSocketCalls));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    transport,
    calls,
    webSocketCalls,
    async stop() {
      for (const unmount of unmounts) unmount();
      await transport.close();
      await backend.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A frame at the rate that goes out: the same, or every third sample for PCMU (the tones here are far below 4 kHz). */
function outbound(frame: AudioFrame, sampleRate: number): AudioFrame {
  if (frame.sampleRate === sampleRate) return frame;
  const step = frame.sampleRate / sampleRate;
  return { ...frame, sampleRate, samples: frame.samples.filter((_, i) => i % step === 0) };
}
