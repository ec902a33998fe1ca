import { createServer } from "node:http";
import { opus } from "@roomkit/codec-opus";
import { type AudioFrame, silentLogger, type WebRTCEngine } from "@roomkit/core";
import { WebRTCTransport } from "@roomkit/transport-webrtc";
import { listen, stop } from "./http.ts";
import { Relay } from "./relay.ts";

/** What a call was heard as. */
interface HeardCall {
  readonly frames: AudioFrame[];
  /** Of the caller's packets, those that never came. */
  readonly lost: number;
  readonly madeUpMs: number;
}

export interface HearingServer {
  /** Takes an offer for a call whose audio loses that share of its packets, 0 to 1, and whose caller may send FEC or not. */
  callUrl(loss: number, fec: boolean): string;
  readonly pageUrl: string;
  heard(caller: string): HeardCall;
  close(): Promise<void>;
}

/** A server that listens, each call through a relay of its own that loses packets. `page` is what it shows a browser. */
export async function hearingServer(engine: WebRTCEngine, page: string): Promise<HearingServer> {
  const transport: WebRTCTransport = new WebRTCTransport({
    engine,
    opus: opus(),
    inputSampleRate: 16_000,
    logger: silentLogger,
    allowLoopback: true,
    limits: { lagMs: 600_000, utilization: 1 },
    signalling: {
      allowAnonymous: true,
      origins: "*",
      concurrencyLimit: 1_000,
      perAddressLimit: 1_000,
      sessionFactory: (caller) => transport.connect("room", caller, "voice"),
    },
  });
  const calls = new Map<string, { readonly frames: AudioFrame[]; readonly id: string }>();
  transport.onSessionReady(({ participantId }, connection) => {
    const frames: AudioFrame[] = [];
    calls.set(participantId, { frames, id: connection.id });
    connection.onAudio((frame) => frames.push(frame));
  });
  const relays: Relay[] = [];
  const answered = async (body: string, url: URL): Promise<string> => {
    const offer = JSON.parse(body) as { sdp: string };
    const request = new Request("http://127.0.0.1/webrtc/offer", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...offer, sdp: withoutCandidates(offer.sdp) }),
    });
    const answer = (await (await transport.fetch(request, { address: "127.0.0.1" })).json()) as { sdp?: string };
    const lines: string[] = [];
    for (const line of (answer.sdp ?? "").split("\r\n")) {
      if (!line.startsWith("a=candidate")) lines.push(line);
      else if (line.includes(" 127.0.0.1 ")) {
        const fields = line.split(" ");
        const relay = new Relay({ target: Number(fields[5]), loss: Number(url.searchParams.get("loss")), delayMs: 0 });
        relays.push(relay);
        fields[5] = String(await relay.open());
        lines.push(fields.join(" "));
      }
    }
    const sdp = lines.join("\r\n");
    const fec = url.searchParams.get("fec") === "yes";
    return JSON.stringify({ ...answer, sdp: fec ? sdp : sdp.replace("useinbandfec=1", "useinbandfec=0") });
  };
  const server = createServer((request, response) => {
    if (request.method !== "POST") {
      response.writeHead(200, { "content-type": "text/html" }).end(page);
      return;
    }
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      answered(Buffer.concat(parts).toString(), new URL(request.url ?? "", "http://127.0.0.1")).then(
        (text) => response.end(text),
        (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
      );
    });
  });
  await transport.warmUp();
  const base = await listen(server);
  return {
    pageUrl: base,
    callUrl: (loss, fec) => `${base}/call?loss=${loss}&fec=${fec ? "yes" : "no"}`,
    heard(caller) {
      const call = calls.get(caller);
      if (!call) throw new Error(`nothing was heard of ${caller}`);
      const audio = transport.statsOf(call.id)?.audio;
      return { frames: call.frames, lost: audio?.lost ?? 0, madeUpMs: audio?.concealedMs ?? 0 };
    },
    async close() {
      await transport.close();
      for (const relay of relays) relay.close();
      await stop(server);
    },
  };
}

const withoutCandidates = (sdp: string): string =>
  sdp
    .split("\r\n")
    .filter((line) => !/^a=(candidate|end-of-candidates)/.test(line))
    .join("\r\n");
