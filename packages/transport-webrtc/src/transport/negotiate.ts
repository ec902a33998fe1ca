import { randomInt } from "node:crypto";
import type { RemoteCandidate, WebRTCEngine, WebRTCOffer, WebRTCPeer } from "@roomkit/core";
import { addressScope, candidateAllowed } from "../sdp/candidate-policy.ts";
import { parseOffer } from "../sdp/offer.ts";
import { planAudio } from "../session/audio-plan.ts";
import { openMedia, type SessionMedia } from "../session/session-media.ts";
import { defaultLimits, type WebRTCTransportOptions } from "./options.ts";

export interface Negotiated {
  readonly peer: WebRTCPeer;
  readonly media: SessionMedia;
  readonly ssrc: number;
  /** No track goes to the client: audio takes the data channel. */
  readonly dataChannelAudio: boolean;
}

/** Which of a client's candidates are taken, by where its HTTP request came from. */
export function candidateFilter(
  options: Pick<WebRTCTransportOptions, "allowLoopback" | "allowPrivate">,
  clientAddress: string,
): (candidate: RemoteCandidate) => boolean {
  const scope = addressScope(clientAddress);
  const policy = {
    loopback: options.allowLoopback ?? scope === "loopback",
    private: options.allowPrivate ?? scope !== "public",
  };
  return (candidate) => candidateAllowed(candidate, policy);
}

/** Checks an offer, before anything is made for it. @throws RoomKitError `invalid_sdp`, `sdp_too_large`. */
export function readOffer(sdp: string, options: WebRTCTransportOptions, clientAddress: string): WebRTCOffer {
  const max = options.limits?.candidates ?? defaultLimits.candidates;
  return parseOffer(sdp, candidateFilter(options, clientAddress), max);
}

/** Answers a checked offer: plans the audio, makes its coders, lets the engine listen. */
export async function negotiate(
  offer: WebRTCOffer,
  engine: WebRTCEngine,
  options: WebRTCTransportOptions,
  clientAddress: string,
): Promise<Negotiated> {
  const { opus, mulaw, inputSampleRate = 16_000, outputSampleRate = 24_000, outboundAudio = "opus" } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const plan = offer.audio && planAudio(offer.audio, { outboundAudio, pcmu: mulaw !== undefined });
  const media = await openMedia({ plan, opus, mulaw, inputSampleRate, outputSampleRate });
  const ssrc = randomInt(1, 0xffff_ffff);
  try {
    const peer = await engine.accept(offer, {
      ...(plan ? { audio: { direction: plan.direction, codecs: plan.codecs, ssrc } } : {}),
      loopback: options.allowLoopback ?? addressScope(clientAddress) === "loopback",
      limits: {
        dataChannels: limits.dataChannels,
        messageBytes: limits.messageBytes,
        bufferedBytes: limits.bufferedBytes,
        remoteAddresses: limits.remoteAddresses,
        streams: limits.streams,
      },
    });
    return { peer, media, ssrc, dataChannelAudio: plan?.outbound === undefined };
  } catch (error) {
    media.close();
    throw error;
  }
}
