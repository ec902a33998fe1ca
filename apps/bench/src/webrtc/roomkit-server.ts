import { createServer } from "node:http";
import { opus } from "@roomkit/codec-opus";
import { silentLogger, type WebRTCEngine } from "@roomkit/core";
import { type MediaWorkersOptions, mountRealtime, type WebRTCLimits, WebRTCTransport } from "@roomkit/transport-webrtc";
import { childProcesses } from "../measure/processes.ts";
import { type EchoServer, RATE } from "./echo-server.ts";
import { listen, stop } from "./http.ts";
import type { OpusBinding } from "./opus-bindings.ts";
import { Ears } from "./sounds.ts";

export interface RoomkitServerOptions {
  readonly engine: WebRTCEngine;
  /** Absent: media on this thread. */
  readonly workers?: MediaWorkersOptions | undefined;
  readonly limits?: WebRTCLimits | undefined;
  /** Default: `wasm`. */
  readonly codec?: OpusBinding | undefined;
}

/** More than any benchmark asks for: what refuses a call here is the transport, not the mount. */
const ANY = 10_000;

const LIVE = { live: { maxDelayMs: 120 } } as const;

/** The whole path: mount, signalling, engine, jitter buffer, decoder, playout queue, encoder. */
export async function roomkitServer({ codec, ...options }: RoomkitServerOptions): Promise<EchoServer> {
  const inProcesses = options.workers !== undefined && options.engine.recipe?.(0)?.ownProcess === true;
  // Whatever this process had started before is not the transport's.
  const others = new Set(childProcesses());
  const transport = new WebRTCTransport({
    ...options,
    opus: opus({ binding: codec }),
    inputSampleRate: RATE,
    outputSampleRate: RATE,
    logger: silentLogger,
  });
  const ears = new Ears();
  const ids: string[] = [];
  transport.onSessionReady(({ participantId: caller }, connection) => {
    ids.push(connection.id);
    connection.onAudio((frame) => {
      ears.hear(caller, frame.samples, frame.sampleRate);
      connection.play("echo", frame, LIVE);
    });
  });
  const server = createServer((_request, response) => response.writeHead(404).end());
  const unmount = mountRealtime(server, transport, {
    allowAnonymous: true,
    concurrencyLimit: ANY,
    perAddressLimit: ANY,
    sessionFactory: (caller) => transport.connect("room", caller, "voice"),
  });
  await transport.warmUp();
  const url = `${await listen(server)}/rtc-realtime/webrtc/offer`;
  return {
    url,
    ears,
    get processes() {
      return inProcesses ? childProcesses()?.filter((pid) => !others.has(pid)) : [];
    },
    madeUp() {
      const audio = ids.map((id) => transport.statsOf(id)?.audio);
      return {
        ms: audio.reduce((sum, stats) => sum + (stats?.concealedMs ?? 0), 0),
        packets: audio.reduce((sum, stats) => sum + (stats?.lost ?? 0), 0),
      };
    },
    async close() {
      unmount();
      await transport.close();
      await stop(server);
    },
  };
}
