import type { WebRTCOffer } from "@roomkit/core";
import { planAudio } from "../media/audio-plan.ts";
import { readOffer } from "../transport/negotiate.ts";
import type { WebRTCTransportOptions } from "../transport/options.ts";
import { transportSettings } from "../transport/settings.ts";
import { completeAnswer } from "./answer-form.ts";
import type { ParsedOffer } from "./offer.ts";
import { writeOffer } from "./write-offer.ts";

const settings = transportSettings({ engine: { accept: () => {} }, opus: {} } as unknown as WebRTCTransportOptions);

/** Reads an offer as a transport without PCMU does. @throws RoomKitError as the transport */
export function readAsTransport(sdp: string): ParsedOffer {
  return readOffer(sdp, settings, "192.168.1.9");
}

/** The whole answer to an offer, with made-up facts of an engine. */
export function answerTo(sdp: string): string {
  const offer = readAsTransport(sdp);
  return completeAnswer(engineAnswer(offer), offer.form);
}

/** What engines answer: the sections they were given, with credentials and an address of their own. */
function engineAnswer(offer: WebRTCOffer): string {
  const plan = offer.audio && planAudio(offer.audio, { outboundAudio: "opus", pcmu: false });
  const written = writeOffer({
    ...offer,
    ...(offer.audio && plan ? { audio: { ...offer.audio, direction: plan.direction, codecs: plan.codecs } } : {}),
    ...(offer.data ? { data: { ...offer.data, sctpPort: 5000, maxMessageSize: 65_536 } } : {}),
    ice: { usernameFragment: "abcd", password: "0123456789012345678901", lite: false },
    fingerprints: [{ algorithm: "sha-256", value: "AB:CD" }],
    setup: "passive",
  });
  const address = "a=candidate:1 1 udp 1 192.168.1.2 40000 typ host\r\na=end-of-candidates";
  return written.replaceAll("a=setup:passive", (line) => `${line}\r\n${address}`);
}
