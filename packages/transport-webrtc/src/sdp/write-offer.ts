import { codecLines, type WebRTCOffer } from "@roomkit/core";

/** Writes an offer from checked facts: what an engine with an SDP parser of its own is given. */
export function writeOffer(offer: Omit<WebRTCOffer, "sdp" | "candidates">): string {
  const mids = offer.media.map((kind) => (kind === "audio" ? offer.audio?.mid : offer.data?.mid));
  const lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=group:BUNDLE ${mids.join(" ")}`];
  if (offer.ice.lite) lines.push("a=ice-lite");
  const transport = [
    "c=IN IP4 0.0.0.0",
    `a=ice-ufrag:${offer.ice.usernameFragment}`,
    `a=ice-pwd:${offer.ice.password}`,
    "a=ice-options:trickle",
    ...offer.fingerprints.map((f) => `a=fingerprint:${f.algorithm} ${f.value}`),
    `a=setup:${offer.setup}`,
  ];
  for (const kind of offer.media) {
    if (kind === "audio" && offer.audio) {
      const { audio } = offer;
      lines.push(`m=audio 9 UDP/TLS/RTP/SAVPF ${audio.codecs.map((c) => c.payloadType).join(" ")}`, ...transport);
      lines.push(`a=mid:${audio.mid}`, `a=${audio.direction}`, "a=rtcp-mux", ...audio.codecs.flatMap(codecLines));
    } else if (offer.data) {
      const { data } = offer;
      lines.push("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", ...transport, `a=mid:${data.mid}`);
      lines.push(`a=sctp-port:${data.sctpPort}`, `a=max-message-size:${data.maxMessageSize}`);
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}
