import { randomUUID } from "node:crypto";
import { Audio, type DataChannel, type IceServer, PeerConnection, type Track } from "node-datachannel";

export interface CallerOptions {
  /** Of the server's page. */
  readonly url: string;
  /** Local address; default: all but loopback. */
  readonly bindAddress?: string;
  readonly iceServers?: readonly (string | IceServer)[];
  /** Tell the server no address of its own, so that it must learn one from the checks. Default false. */
  readonly hideCandidates?: boolean;
  /** Where to send instead of a port the server named. */
  readonly reroute?: (port: number) => Promise<number>;
}

/** One audio packet from the server. */
export interface HeardPacket {
  readonly sequence: number;
  /** RTP, 48 kHz. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
  /** When it came, ms on the process's clock. */
  readonly at: number;
}

const SSRC = 77;
const PAYLOAD_TYPE = 111;

/** A caller on libdatachannel: ICE, DTLS, SRTP and SCTP that share no line with the server's. */
export class Caller {
  readonly heard: HeardPacket[] = [];
  readonly messages: { readonly type?: string; readonly data?: { readonly text?: string } }[] = [];
  sent = 0;
  /** Kinds of the candidates the server was told. */
  told: string[] = [];
  /** From the offer to the open data channel, ms. */
  connectMs = 0;
  readonly #options: CallerOptions;
  readonly #pc: PeerConnection;
  readonly #track: Track;
  readonly #channel: DataChannel;
  readonly #opened: Promise<void>;
  readonly #channelClosed: Promise<void>;
  #closed = false;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#pc = new PeerConnection("caller", {
      iceServers: [...(options.iceServers ?? [])],
      disableAutoNegotiation: true,
      ...(options.bindAddress === undefined ? {} : { bindAddress: options.bindAddress }),
    });
    const audio = new Audio("0", "SendRecv");
    audio.addOpusCodec(PAYLOAD_TYPE);
    audio.addSSRC(SSRC, "caller", "caller", "microphone");
    this.#track = this.#pc.addTrack(audio);
    this.#track.onMessage((data) => this.#hear(data));
    this.#channel = this.#pc.createDataChannel("text");
    this.#channel.onMessage((message) => {
      if (typeof message === "string") this.messages.push(JSON.parse(message));
    });
    this.#opened = new Promise((resolve) => this.#channel.onOpen(resolve));
    this.#channelClosed = new Promise((resolve) => this.#channel.onClosed(resolve));
  }

  /** Offers, and waits for the data channel. @throws Error when it does not open in time. */
  async connect(timeoutMs = 10_000): Promise<this> {
    const { url, hideCandidates = false, reroute } = this.#options;
    const started = performance.now();
    const gathered = new Promise<void>((resolve) =>
      this.#pc.onGatheringStateChange((state) => state === "complete" && resolve()),
    );
    this.#pc.setLocalDescription("offer");
    await within(gathered, timeoutMs, "gathering");
    const sdp = this.#pc.localDescription()?.sdp ?? "";
    if (!hideCandidates) this.told = [...sdp.matchAll(/^a=candidate:.* typ (\w+)/gm)].map(([, kind]) => kind ?? "");
    const post = async (what: object): Promise<{ sdp?: string; type?: string }> => {
      const response = await fetch(`${url}/rtc-realtime/webrtc/offer`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...what, webrtc_id: id }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return (await response.json()) as { sdp?: string; type?: string };
    };
    const id = randomUUID();
    // Without its candidates, which follow. A server that checks them at once can make it begin DTLS before it has stored the
    // fingerprint of the answer it is being given, and then it gives up.
    const answer = await post({ sdp: withoutCandidates(sdp), type: "offer" });
    if (answer.type !== "answer" || answer.sdp === undefined) throw new Error(`refused: ${JSON.stringify(answer)}`);
    // It takes candidates in an answer only sometimes; after it, always.
    this.#pc.setRemoteDescription(withoutCandidates(answer.sdp), "answer");
    const lines = new Set(answer.sdp.split("\r\n").filter((line) => line.startsWith("a=candidate")));
    for (const line of lines) {
      const fields = line.slice(2).split(" ");
      if (reroute) fields[5] = String(await reroute(Number(fields[5])));
      this.#pc.addRemoteCandidate(fields.join(" "), "0");
    }
    for (const [, candidate] of hideCandidates ? [] : sdp.matchAll(/^a=(candidate:.*?)\r?$/gm)) {
      await post({ type: "ice-candidate", candidate: { candidate, sdpMid: "0", sdpMLineIndex: 0 } });
    }
    await within(this.#opened, timeoutMs, "the data channel");
    this.connectMs = performance.now() - started;
    return this;
  }

  /** Sends Opus packets of 20 ms at the pace of speech. Returns when the first was sent, ms on the process's clock. */
  async speak(packets: readonly Uint8Array[]): Promise<number> {
    const started = performance.now();
    for (const [i, packet] of packets.entries()) {
      const wait = started + i * 20 - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.#closed || !this.#track.isOpen()) break;
      const rtp = Buffer.alloc(12 + packet.length);
      rtp[0] = 0x80;
      rtp[1] = PAYLOAD_TYPE;
      rtp.writeUInt16BE((100 + this.sent) & 0xffff, 2);
      rtp.writeUInt32BE((5_000 + this.sent * 960) >>> 0, 4);
      rtp.writeUInt32BE(SSRC, 8);
      rtp.set(packet, 12);
      this.#track.sendMessageBinary(rtp);
      this.sent++;
    }
    return started;
  }

  write(text: string): void {
    this.send({ event: "text", text });
  }

  send(message: object): void {
    this.#channel.sendMessage(JSON.stringify(message));
  }

  /** The server closed the data channel. @throws Error when it does not. */
  async ended(timeoutMs = 5_000): Promise<void> {
    await within(this.#channelClosed, timeoutMs, "the end of the data channel");
  }

  /** Kinds of this side's and the server's candidate. */
  get pair(): { readonly local: string; readonly remote: string } | undefined {
    const pair = this.#pc.getSelectedCandidatePair();
    return pair ? { local: pair.local.type, remote: pair.remote.type } : undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pc.close();
  }

  #hear(data: Buffer): void {
    const type = (data[1] ?? 0) & 0x7f;
    if (type !== PAYLOAD_TYPE) return; // RTCP
    this.heard.push({
      sequence: data.readUInt16BE(2),
      timestamp: data.readUInt32BE(4),
      payload: Uint8Array.from(data.subarray(12)),
      at: performance.now(),
    });
  }
}

function withoutCandidates(sdp: string): string {
  return sdp
    .split("\r\n")
    .filter((line) => !/^a=(candidate|end-of-candidates)/.test(line))
    .join("\r\n");
}

async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never came: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
