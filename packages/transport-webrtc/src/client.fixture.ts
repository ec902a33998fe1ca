import { randomUUID } from "node:crypto";
import {
  MediaStreamTrack,
  type RTCDataChannel,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  RtpPacket,
  useOPUS,
  usePCMU,
} from "werift";

export interface TestClientOptions {
  /** Base URL with the mount path. */
  readonly url: string;
  readonly id?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default true. */
  readonly audio?: boolean | undefined;
  /** Default true. */
  readonly channel?: boolean | undefined;
  readonly codecs?: readonly ("opus" | "pcmu" | "red" | "events48" | "events8")[] | undefined;
  readonly direction?: "sendrecv" | "sendonly" | "recvonly" | undefined;
  /** Of loopback. Default 127.0.0.1. */
  readonly address?: "127.0.0.1" | "::1" | undefined;
  readonly protocol?: 1 | undefined;
  readonly resume?: string | undefined;
}

/** Payload types of touch tones told as events, by their clock. */
export const EVENT_TYPES = { events48: 110, events8: 126 } as const;

/** werift's DTLS client gives up at a second HelloVerifyRequest (RFC 6347, 4.3.2), which comes when a server is busy for half a second. */
function withoutSecondVerify(onData: { execute: (datagram: Buffer) => void }): void {
  const deliver = onData.execute.bind(onData);
  let verified = false;
  onData.execute = (datagram) => {
    // A handshake record of epoch 0, with the message's type behind the record's head.
    const verifies = datagram[0] === 22 && datagram[13] === 3 && datagram.readUInt16BE(3) === 0;
    if (!(verifies && verified)) deliver(datagram);
    verified ||= verifies;
  };
}

/** A client as the seed's JavaScript writes it, on werift's peer connection. */
export class TestClient {
  readonly id: string;
  readonly pc: RTCPeerConnection;
  readonly track: MediaStreamTrack = new MediaStreamTrack({ kind: "audio" });
  readonly channel: RTCDataChannel | undefined;
  readonly messages: Record<string, unknown>[] = [];
  readonly binary: Buffer[] = [];
  readonly packets: RtpPacket[] = [];
  answer:
    | {
        sdp?: string | undefined;
        type?: string | undefined;
        status?: string | undefined;
        meta?: { error: string } | undefined;
      }
    | undefined;
  /** Audio from before its connection. */
  #early: RtpPacket[] = [];
  #sequence = 100;
  #timestamp = 5_000;

  readonly #options: TestClientOptions;

  constructor(options: TestClientOptions) {
    this.#options = options;
    this.id = options.id ?? randomUUID();
    const codecs = (options.codecs ?? ["opus"]).map((name) => {
      if (name === "pcmu") return usePCMU();
      if (name === "opus") return useOPUS({ payloadType: 111, parameters: "minptime=10;useinbandfec=1" });
      if (name !== "red") {
        const clockRate = name === "events48" ? 48_000 : 8_000;
        const payloadType = EVENT_TYPES[name];
        return new RTCRtpCodecParameters({ mimeType: "audio/telephone-event", clockRate, channels: 1, payloadType });
      }
      return new RTCRtpCodecParameters({
        mimeType: "audio/red",
        clockRate: 48_000,
        channels: 2,
        payloadType: 63,
        parameters: "111/111",
      });
    });
    const { address = "127.0.0.1" } = options;
    this.pc = new RTCPeerConnection({
      iceServers: [],
      iceUseIpv4: address !== "::1",
      iceUseIpv6: address === "::1",
      iceInterfaceAddresses: address === "::1" ? { udp6: address } : { udp4: address },
      iceAdditionalHostAddresses: [address],
      codecs: { audio: codecs, video: [] },
    });
    if (options.audio !== false) this.pc.addTransceiver(this.track, { direction: options.direction ?? "sendrecv" });
    this.pc.onTrack.subscribe((track) => track.onReceiveRtp.subscribe((packet) => this.packets.push(packet)));
    this.pc.connectionStateChange.subscribe((state) => {
      if (state === "connected") for (const packet of this.#early.splice(0)) this.track.writeRtp(packet);
    });
    if (options.channel === false) return;
    this.channel = this.pc.createDataChannel("text");
    this.channel.onMessage.subscribe((data) => {
      if (options.url === "") return;
      if (typeof data === "string") this.messages.push(JSON.parse(data) as Record<string, unknown>);
      else this.binary.push(data);
    });
  }

  async post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return await fetch(`${this.#options.url}/webrtc/offer`, {
      method: "POST",
      headers: { "content-type": "application/json", ...this.#options.headers, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  async offer(): Promise<string> {
    for (const transport of this.pc.iceTransports) Object.assign(transport.connection, { stunServer: undefined });
    await this.pc.setLocalDescription(await this.pc.createOffer());
    for (const transport of this.pc.iceTransports) withoutSecondVerify(transport.connection.onData);
    return this.pc.localDescription?.sdp ?? "";
  }

  /** Offers, and applies the answer when there is one. */
  async connect(): Promise<this> {
    const sdp = await this.offer();
    const { protocol, resume } = this.#options;
    const response = await this.post({
      sdp,
      type: "offer",
      webrtc_id: this.id,
      ...(protocol ? { protocol } : {}),
      ...(resume ? { resume } : {}),
    });
    this.answer = (await response.json()) as NonNullable<TestClient["answer"]>;
    if (this.answer.type === "answer")
      await this.pc.setRemoteDescription({ type: "answer", sdp: this.answer.sdp as string });
    return this;
  }

  /** Sends when the channel is open: werift keeps what is sent before for itself. */
  send(message: unknown): void {
    const { channel } = this;
    const send = (): void => channel?.send(typeof message === "string" ? message : JSON.stringify(message));
    if (channel?.readyState !== "connecting") send();
    else
      channel.stateChanged.subscribe((state) => {
        if (state === "open") send();
      });
  }

  /** Sends one packet of audio, `durationMs` of the 48 kHz clock after the last. */
  sendRtp(
    payload: Uint8Array,
    options: {
      payloadType?: number | undefined;
      /** Packets before it that are lost. */
      skip?: number | undefined;
      /** Frames before it of which nothing was sent. */
      silent?: number | undefined;
      clockRate?: number | undefined;
    } = {},
  ): void {
    const { payloadType = 111, skip = 0, silent = 0, clockRate = 48_000 } = options;
    this.#sequence = (this.#sequence + 1 + skip) & 0xffff;
    this.#timestamp = (this.#timestamp + (clockRate / 50) * (1 + skip + silent)) >>> 0;
    const header = new RtpHeader({ payloadType, sequenceNumber: this.#sequence, timestamp: this.#timestamp, ssrc: 1 });
    const packet = new RtpPacket(header, Buffer.from(payload));
    // The server may be connected first, and werift's sender drops what comes before.
    if (this.pc.connectionState === "connected") this.track.writeRtp(packet);
    else this.#early.push(packet);
  }

  async close(): Promise<void> {
    // Tells the server, as a browser does; werift's own close does not.
    await this.pc.sctpTransport?.stop().catch(() => {});
    await this.pc.close();
  }
}
