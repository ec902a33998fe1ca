import { opus } from "@roomkit/codec-opus";
import { Audio, type DataChannel, PeerConnection, type Track } from "node-datachannel";
import { Relay } from "./relay.ts";
import { writeReport, writeRtp } from "./rtp.ts";
import { epochMs, PACKET_MS, PERIOD, PITCHES, packetSamples, pitchAt, SOUND, type Sound } from "./sounds.ts";

const PAYLOAD_TYPE = 111;
const SSRC = 77;
/** A packet of silence has no more, and one of sound has more, with in-band FEC and without. */
const QUIET_BYTES = 40;
/** Frames from one report on what was heard to the next: as often as browsers send them, every few seconds. */
const REPORT_EVERY = 150;

/** Where a caller calls, and what stands between. */
export interface CallTarget {
  /** Takes `{ sdp, type, webrtc_id }` and gives `{ sdp, type }`. */
  readonly url: string;
  /** Share of the audio packets to the server that are lost, 0 to 1. */
  readonly loss: number;
  /** Added to every packet in both directions, ms. Without it and without loss there is no relay. */
  readonly delayMs: number;
  /** How long the answered offer may take to become a connection, ms. */
  readonly timeoutMs: number;
}

/** The server took no call, and said so. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(`refused with ${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** What a caller says, again and again. Packets are small in silence and large in sound, also after decoding and coding. */
export async function packetsToSend(): Promise<readonly Uint8Array[]> {
  const encoder = await opus().createEncoder({ sampleRate: 48_000 });
  const round = PERIOD * PITCHES;
  const packets = Array.from(
    { length: round + PERIOD },
    (_, i) => encoder.encode(packetSamples(i)) ?? new Uint8Array(0),
  );
  encoder.close();
  // The first sound again, from the end: at the beginning the encoder knew nothing yet.
  return [...packets.slice(round), ...packets.slice(PERIOD, round)];
}

/** A caller on libdatachannel, which leaves the processor to the server. */
export class Caller {
  readonly name: string;
  readonly #pc: PeerConnection;
  readonly #track: Track;
  readonly #channel: DataChannel;
  readonly #opened: Promise<void>;
  #offer: Promise<string> | undefined;
  #relay: Relay | undefined;
  #frames = 0;
  #started = 0;
  #quiet = 0;
  /** The last packet heard. */
  #last: { readonly ssrc: number; readonly highest: number } | undefined;
  packets = 0;
  /** From a sound's sending to its echo, ms. */
  delays: number[] = [];
  /** Every sound since the start. */
  readonly sounds: Sound[] = [];

  constructor(name: string) {
    this.name = name;
    this.#pc = new PeerConnection(name, { iceServers: [], bindAddress: "127.0.0.1", disableAutoNegotiation: true });
    const audio = new Audio("0", "SendRecv");
    audio.addAudioCodec(PAYLOAD_TYPE, "opus/48000/2", "minptime=10;useinbandfec=1");
    audio.addSSRC(SSRC, "caller", "caller", "mic");
    this.#track = this.#pc.addTrack(audio);
    this.#track.onMessage((data) => this.#heard(data));
    this.#channel = this.#pc.createDataChannel("text");
    this.#opened = new Promise((resolve) => {
      this.#channel.onOpen(() => resolve());
    });
  }

  get lost(): number {
    return this.#relay?.lost ?? 0;
  }

  /**
   * Connects; one that was refused may be told to again.
   *
   * @returns from the post of the offer to the open connection, ms.
   * @throws Refused
   */
  async connect({ url, loss, delayMs, timeoutMs }: CallTarget): Promise<number> {
    this.#offer ??= this.#gather();
    const offer = (await this.#offer).split("\r\n");
    const begun = performance.now();
    const relayed = loss > 0 || delayMs > 0;
    // Without candidates of the caller's the server can only answer to where packets come from: the relay.
    const sdp = offer.filter((line) => !relayed || !/^a=(candidate|end-of-candidates)/.test(line)).join("\r\n");
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sdp, type: "offer", webrtc_id: this.name }),
    });
    const answer = (await response.json()) as {
      sdp?: string | undefined;
      meta?: { error?: string | undefined } | undefined;
      error?: string | undefined;
    };
    if (!answer.sdp) throw new Refused(response.status, answer.meta?.error ?? answer.error ?? "");
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
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} did not connect`)), timeoutMs);
      void this.#opened.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return performance.now() - begun;
  }

  start(now: number): void {
    this.#started = now;
  }

  /** Sends what is due. */
  speak(now: number, packets: readonly Uint8Array[]): void {
    while (now >= this.#started + this.#frames * PACKET_MS) {
      const at = this.#frames++;
      if (at % PERIOD === 0) this.sounds.push({ at: epochMs(), pitch: pitchAt(at) });
      const packet = writeRtp(
        { payloadType: PAYLOAD_TYPE, ssrc: SSRC, at },
        packets[at % packets.length] as Uint8Array,
      );
      if (!this.#track.isOpen()) continue;
      this.#track.sendMessageBinary(packet);
      // Servers leave in-band FEC out when they are told that it is not needed.
      if (this.#last && at % REPORT_EVERY === REPORT_EVERY - 1)
        this.#track.sendMessageBinary(writeReport({ from: SSRC, ...this.#last }));
    }
  }

  close(): void {
    this.#pc.close();
    this.#relay?.close();
  }

  async #gather(): Promise<string> {
    const gathered = new Promise<void>((resolve) => {
      this.#pc.onGatheringStateChange((state) => state === "complete" && resolve());
    });
    this.#pc.setLocalDescription("offer");
    await gathered;
    return this.#pc.localDescription()?.sdp ?? "";
  }

  #heard(data: Buffer): void {
    if (((data[1] as number) & 0x7f) !== PAYLOAD_TYPE) return;
    this.packets++;
    this.#last = { ssrc: data.readUInt32BE(8), highest: data.readUInt16BE(2) };
    const loud = data.length > 12 + QUIET_BYTES;
    const sound = this.sounds.at(-1);
    // The first loud packet after a silence is the echo of a sound's beginning.
    if (loud && sound && this.#quiet >= SOUND / 2) this.delays.push(epochMs() - sound.at);
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
