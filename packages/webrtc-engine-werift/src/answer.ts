import { codecLines, type WebRTCAcceptOptions, type WebRTCOffer } from "@roomkit/core";

/** One of the server's own addresses. */
interface LocalCandidate {
  readonly address: string;
  readonly port: number;
  readonly priority: number;
  readonly foundation: string;
}

export interface AnswerFacts {
  readonly ice: { readonly usernameFragment: string; readonly password: string; readonly lite: boolean };
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
  readonly setup: "active" | "passive";
  readonly candidates: readonly LocalCandidate[];
  readonly sctpPort: number;
  /** Names the sender's stream; any token. */
  readonly cname: string;
}

/** Writes the answer to `offer` (RFC 8829, 5.3): one bundled transport, all candidates in it, nothing to trickle. */
export function writeAnswer(offer: WebRTCOffer, options: WebRTCAcceptOptions, facts: AnswerFacts): string {
  const mids = offer.media.map((kind) => (kind === "audio" ? offer.audio?.mid : offer.data?.mid));
  const lines = [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${mids.join(" ")}`,
    "a=msid-semantic: WMS *",
  ];
  if (facts.ice.lite) lines.push("a=ice-lite");
  const transport = [
    "c=IN IP4 0.0.0.0",
    `a=ice-ufrag:${facts.ice.usernameFragment}`,
    `a=ice-pwd:${facts.ice.password}`,
    "a=ice-options:trickle",
    `a=fingerprint:${facts.fingerprint.algorithm} ${facts.fingerprint.value}`,
    `a=setup:${facts.setup}`,
    ...facts.candidates.map((c) => `a=candidate:${c.foundation} 1 udp ${c.priority} ${c.address} ${c.port} typ host`),
    "a=end-of-candidates",
  ];
  for (const kind of offer.media) {
    if (kind === "audio" && offer.audio) {
      const audio = options.audio;
      const codecs = audio?.codecs ?? [];
      // A section in which nothing can be agreed is refused with port 0, and stays in its place.
      if (!audio || codecs.length === 0) {
        lines.push(
          `m=audio 0 UDP/TLS/RTP/SAVPF ${offer.audio.codecs[0]?.payloadType ?? 0}`,
          "c=IN IP4 0.0.0.0",
          `a=mid:${offer.audio.mid}`,
          "a=inactive",
        );
        continue;
      }
      lines.push(`m=audio 9 UDP/TLS/RTP/SAVPF ${codecs.map((c) => c.payloadType).join(" ")}`, ...transport);
      lines.push(
        `a=mid:${offer.audio.mid}`,
        `a=${audio.direction}`,
        "a=rtcp-mux",
        "a=rtcp-rsize",
        ...codecs.flatMap(codecLines),
      );
      if (audio.direction === "sendrecv" || audio.direction === "sendonly") {
        lines.push(`a=msid:${facts.cname} ${facts.cname}-audio`, `a=ssrc:${audio.ssrc} cname:${facts.cname}`);
      }
    } else if (offer.data) {
      lines.push("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", ...transport, `a=mid:${offer.data.mid}`);
      lines.push(`a=sctp-port:${facts.sctpPort}`, `a=max-message-size:${options.limits.messageBytes}`);
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}
