import type { RemoteCandidate } from "@roomkit/core";
import type { MediaCall, MediaHost } from "../host/media-host.ts";
import { type AudioPlan, planAudio } from "../media/audio-plan.ts";
import { addressScope, candidateAllowed } from "../sdp/candidate-policy.ts";
import { type ParsedOffer, parseOffer } from "../sdp/offer.ts";
import { defaultLimits, type WebRTCTransportOptions } from "./options.ts";

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
export function readOffer(sdp: string, options: WebRTCTransportOptions, clientAddress: string): ParsedOffer {
  const max = options.limits?.candidates ?? defaultLimits.candidates;
  return parseOffer(
    sdp,
    candidateFilter(options, clientAddress),
    max,
    (audio) =>
      planFor(audio, options) !== undefined || {
        unusable: "the offer has no audio codec this server knows (Opus or PCMU)",
      },
  );
}

function planFor(audio: Parameters<typeof planAudio>[0], options: WebRTCTransportOptions): AudioPlan | undefined {
  const { mulaw, outboundAudio = "opus" } = options;
  return planAudio(audio, { outboundAudio, pcmu: mulaw !== undefined });
}

/** Answers a checked offer: plans the audio, and lets the host listen. @throws RoomKitError as {@link MediaHost.accept}. */
export function negotiate(
  { form: _form, ...offer }: ParsedOffer,
  host: MediaHost,
  options: WebRTCTransportOptions,
  clientAddress: string,
): Promise<MediaCall> {
  const { inputSampleRate = 16_000, outputSampleRate = 24_000 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const plan = offer.audio && planFor(offer.audio, options);
  return host.accept({
    offer,
    ...(plan ? { plan } : {}),
    inputSampleRate,
    outputSampleRate,
    loopback: options.allowLoopback ?? addressScope(clientAddress) === "loopback",
    limits: {
      dataChannels: limits.dataChannels,
      messageBytes: limits.messageBytes,
      bufferedBytes: limits.bufferedBytes,
      remoteAddresses: limits.remoteAddresses,
      streams: limits.streams,
    },
    traffic: limits,
  });
}
