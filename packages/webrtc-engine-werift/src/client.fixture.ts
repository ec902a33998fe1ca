import type { WebRTCEngineClient } from "@roomkit/testing";
import { parseOffer } from "@roomkit/transport-webrtc";
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS } from "werift";
import { helloVerifiedOnce, iceInternals } from "./internals.ts";

export interface WeriftClient extends WebRTCEngineClient {
  readonly pc: RTCPeerConnection;
}

/** werift's own peer connection as a client, on one address of loopback. */
export function weriftClient(address: "127.0.0.1" | "::1" = "127.0.0.1"): WeriftClient {
  const ipv6 = address === "::1";
  const pc = new RTCPeerConnection({
    iceServers: [],
    iceUseIpv4: !ipv6,
    iceUseIpv6: ipv6,
    iceInterfaceAddresses: ipv6 ? { udp6: address } : { udp4: address },
    iceAdditionalHostAddresses: [address],
    codecs: { audio: [useOPUS({ payloadType: 111, parameters: "minptime=10;useinbandfec=1" })], video: [] },
  });
  const track = new MediaStreamTrack({ kind: "audio" });
  pc.addTransceiver(track, { direction: "sendrecv" });
  const channel = pc.createDataChannel("text");
  const messages: (string | Uint8Array)[] = [];
  channel.onMessage.subscribe((m) => messages.push(typeof m === "string" ? m : Uint8Array.from(m)));
  const packets: RtpPacket[] = [];
  pc.onTrack.subscribe((received) => received.onReceiveRtp.subscribe((packet) => packets.push(packet)));
  // The server may be connected first, and werift drops what is sent before.
  const early: (() => void)[] = [];
  const whenReady = (ready: boolean, send: () => void): unknown => (ready ? send() : early.push(send));
  const flush = (state: string): void => {
    if (state === "connected" || state === "open") for (const send of early.splice(0)) send();
  };
  pc.connectionStateChange.subscribe(flush);
  channel.stateChanged.subscribe(flush);
  let offered: Promise<string> | undefined;
  const offer = async (): Promise<string> => {
    for (const transport of pc.iceTransports) Object.assign(transport.connection, { stunServer: undefined });
    await pc.setLocalDescription(await pc.createOffer());
    for (const transport of pc.iceTransports) {
      const { onData } = iceInternals(transport);
      onData.execute = helloVerifiedOnce(onData.execute.bind(onData));
    }
    return pc.localDescription?.sdp ?? "";
  };
  return {
    pc,
    async offer() {
      offered ??= offer();
      return parseOffer(await offered, () => true, 20);
    },
    accept: (sdp) => pc.setRemoteDescription({ type: "answer", sdp }),
    sendRtp(packet) {
      const { header, payload } = RtpPacket.deSerialize(Buffer.from(packet));
      const send = (): void => track.writeRtp(new RtpPacket(new RtpHeader({ ...header }), payload));
      whenReady(pc.connectionState === "connected", send);
    },
    sendRtcp(packet) {
      const [dtls] = pc.dtlsTransports;
      whenReady(
        pc.connectionState === "connected",
        () => void dtls?.iceTransport.connection.send(dtls.srtcp.encrypt(Buffer.from(packet))),
      );
    },
    get rtp() {
      return packets.map((packet) => packet.serialize());
    },
    send(message) {
      const send = (): void => channel.send(typeof message === "string" ? message : Buffer.from(message));
      whenReady(channel.readyState !== "connecting", send);
    },
    messages,
    open: (label) => void pc.createDataChannel(label),
    async close() {
      // Tells the server, as a browser does; werift's own close does not.
      await pc.sctpTransport?.stop().catch(() => {});
      await pc.close();
    },
  };
}
