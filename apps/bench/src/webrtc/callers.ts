import { opus } from "@roomkit/codec-opus";
import { Audio, type DataChannel, PeerConnection, type Track } from "node-datachannel";
import { serve } from "../measure/child.ts";
import type { CallerAnswer, CallerRequest } from "./messages.ts";
import { Relay } from "./relay.ts";

const FRAME_MS = 20;
/** A sound of this many frames begins every so many frames. */
const SOUND = 10;
const PERIOD = 40;
const PAYLOAD_TYPE = 111;
const SSRC = 77;
const CONNECT_MS = 15_000;

/** One period of packets: a sound, then silence. They are small in silence and large in sound, also after decoding and coding. */
async function packetsOfOnePeriod(): Promise<readonly Uint8Array[]> {
  const encoder = await opus().createEncoder({ sampleRate: 48_000 });
  const packets: Uint8Array[] = [];
  for (let i = 0; i < 2 * PERIOD; i++) {
    const loud = i % PERIOD < SOUND;
    const samples = Int16Array.from({ length: 960 }, (_, k) => (loud ? 9_000 * Math.sin(k * 0.05 * (1 + (k % 7))) : 0));
    packets.push(encoder.encode(samples) ?? new Uint8Array(0));
  }
  encoder.close();
  // The second round: the encoder's own beginning is over.
  return packets.slice(PERIOD);
}

/** A caller on libdatachannel, which leaves the processor to the server. */
class Caller {
  readonly #pc: PeerConnection;
  readonly #track: Track;
  readonly #channel: DataChannel;
  #relay: Relay | undefined;
  #frames = 0;
  #started = 0;
  /** When the last sound began to be sent, and whether its echo has come. */
  #soundAt = 0;
  #quiet = 0;
  packets = 0;
  delays: number[] = [];

  readonly name: string;

  constructor(name: string) {
    this.name = name;
    this.#pc = new PeerConnection(name, { iceServers: [], bindAddress: "127.0.0.1", disableAutoNegotiation: true });
    const audio = new Audio("0", "SendRecv");
    audio.addAudioCodec(PAYLOAD_TYPE, "opus/48000/2", "minptime=10;useinbandfec=1");
    audio.addSSRC(SSRC, "caller", "caller", "mic");
    this.#track = this.#pc.addTrack(audio);
    this.#track.onMessage((data) => this.#heard(data));
    this.#channel = this.#pc.createDataChannel("text");
  }

  get lost(): number {
    return this.#relay?.lost ?? 0;
  }

  /** From the post of the offer to the open connection, ms. */
  async connect({ url, loss, delayMs }: Extract<CallerRequest, { type: "connect" }>): Promise<number> {
    const gathered = new Promise<void>((resolve) => {
      this.#pc.onGatheringStateChange((state) => state === "complete" && resolve());
    });
    const open = new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error(`${this.name} did not connect`)), CONNECT_MS).unref();
      this.#channel.onOpen(() => resolve());
    });
    open.catch(() => {});
    this.#pc.setLocalDescription("offer");
    await gathered;
    const begun = performance.now();
    const relayed = loss > 0 || delayMs > 0;
    const offer = (this.#pc.localDescription()?.sdp ?? "").split("\r\n");
    // Without candidates of the caller's the server can only answer to where packets come from: the relay.
    const sdp = offer.filter((line) => !relayed || !/^a=(candidate|end-of-candidates)/.test(line)).join("\r\n");
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sdp, type: "offer", webrtc_id: this.name }),
    });
    const answer = (await response.json()) as { sdp?: string };
    if (!answer.sdp) throw new Error(`${this.name} was refused: ${JSON.stringify(answer)}`);
    const lines = answer.sdp.split("\r\n");
    const isCandidate = (line: string): boolean => line.startsWith("a=candidate");
    // The library takes candidates in an answer only sometimes; after it, always.
    this.#pc.setRemoteDescription(
      lines.filter((line) => !isCandidate(line) && !line.startsWith("a=end-of")).join("\r\n"),
      "answer",
    );
    for (const line of new Set(lines.filter((each) => isCandidate(each) && each.includes(" 127.0.0.1 ")))) {
      await this.#add((relayed ? await this.#through(line, loss, delayMs) : line).slice(2));
    }
    await open;
    return performance.now() - begun;
  }

  start(now: number): void {
    this.#started = now;
  }

  /** Sends what is due. */
  speak(now: number, period: readonly Uint8Array[]): void {
    while (now >= this.#started + this.#frames * FRAME_MS) {
      const at = this.#frames++;
      if (at % PERIOD === 0) this.#soundAt = performance.now();
      const payload = period[at % PERIOD] as Uint8Array;
      const packet = Buffer.alloc(12 + payload.length);
      packet[0] = 0x80;
      packet[1] = PAYLOAD_TYPE;
      packet.writeUInt16BE(at & 0xffff, 2);
      packet.writeUInt32BE((at * 960) >>> 0, 4);
      packet.writeUInt32BE(SSRC, 8);
      packet.set(payload, 12);
      if (this.#track.isOpen()) this.#track.sendMessageBinary(packet);
    }
  }

  close(): void {
    this.#pc.close();
    this.#relay?.close();
  }

  #heard(data: Buffer): void {
    if (((data[1] as number) & 0x7f) !== PAYLOAD_TYPE) return;
    this.packets++;
    const loud = data.length > 12 + 30;
    // The first loud packet after a silence is the echo of a sound's beginning.
    if (loud && this.#quiet >= SOUND / 2) this.delays.push(performance.now() - this.#soundAt);
    this.#quiet = loud ? 0 : this.#quiet + 1;
  }

  /** The library makes its ICE transport in the background, and refuses candidates before. */
  async #add(candidate: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        this.#pc.addRemoteCandidate(candidate, "0");
        return;
      } catch (error) {
        if (tries >= 100)
          throw new Error(
            `${this.name} ${this.#pc.state()} ${this.#pc.iceState()} ${this.#pc.signalingState()} ${candidate}`,
            { cause: error },
          );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async #through(candidate: string, loss: number, delayMs: number): Promise<string> {
    const fields = candidate.split(" ");
    this.#relay ??= new Relay({ target: Number(fields[5]), loss, delayMs });
    fields[5] = String(await this.#relay.open());
    return fields.join(" ");
  }
}

let callers: Caller[] = [];
let timer: NodeJS.Timeout | undefined;

serve(async (request: CallerRequest): Promise<CallerAnswer> => {
  if (request.type === "connect") {
    const period = await packetsOfOnePeriod();
    callers = [];
    const connectMs: number[] = [];
    let attempts = 0;
    while (callers.length < request.sessions) {
      const caller = new Caller(`caller-${attempts++}`);
      try {
        connectMs.push(await caller.connect(request));
        callers.push(caller);
      } catch (error) {
        caller.close();
        if (attempts >= 2 * request.sessions + 2) throw error;
      }
    }
    const now = performance.now();
    callers.forEach((caller, i) => {
      caller.start(now + (i * FRAME_MS) / callers.length);
    });
    timer = setInterval(() => {
      const tick = performance.now();
      for (const caller of callers) caller.speak(tick, period);
    }, 2);
    await new Promise((resolve) => setTimeout(resolve, request.warmMs));
    return { connectMs, attempts };
  }
  if (request.type === "measure") {
    const before = callers.reduce((sum, { packets }) => sum + packets, 0);
    const lostBefore = callers.reduce((sum, { lost }) => sum + lost, 0);
    for (const caller of callers) caller.delays = [];
    await new Promise((resolve) => setTimeout(resolve, request.ms));
    return {
      delays: callers.flatMap(({ delays }) => delays),
      packets: callers.reduce((sum, { packets }) => sum + packets, 0) - before,
      lost: callers.reduce((sum, { lost }) => sum + lost, 0) - lostBefore,
    };
  }
  clearInterval(timer);
  for (const caller of callers) caller.close();
  callers = [];
  return {};
});
