import type { WebRTCOffer } from "@roomkit/core";
import { planAudio } from "../media/audio-plan.ts";
import { readOffer } from "../transport/negotiate.ts";
import type { WebRTCTransportOptions } from "../transport/options.ts";
import { transportSettings } from "../transport/settings.ts";
import { writeAnswer } from "./answer.ts";
import { completeAnswer } from "./answer-form.ts";
import type { ParsedOffer } from "./offer.ts";

const settings = transportSettings({ opus: {} } as WebRTCTransportOptions);

/** Reads an offer as a transport without PCMU does. @throws RoomKitError as the transport */
export function readAsTransport(sdp: string): ParsedOffer {
  return readOffer(sdp, settings, "192.168.1.9");
}

/** The whole answer to an offer, with made-up facts of an engine. */
export function answerTo(sdp: string): string {
  const offer = readAsTransport(sdp);
  return completeAnswer(engineAnswer(offer), offer.form);
}

function engineAnswer(offer: WebRTCOffer): string {
  const plan = offer.audio && planAudio(offer.audio, { outboundAudio: "opus", pcmu: false });
  return writeAnswer(
    offer,
    {
      ...(plan ? { audio: { direction: plan.direction, codecs: plan.codecs, ssrc: 7 } } : {}),
      loopback: false,
      limits: { dataChannels: 4, messageBytes: 65_536, bufferedBytes: 1, remoteAddresses: 1, streams: 1 },
    },
    {
      ice: { usernameFragment: "abcd", password: "0123456789012345678901", lite: false },
      fingerprint: { algorithm: "sha-256", value: "AB:CD" },
      setup: "passive",
      candidates: [{ address: "192.168.1.2", port: 40_000, priority: 1, foundation: "1" }],
      sctpPort: 5000,
      cname: "roomkit",
    },
  );
}
