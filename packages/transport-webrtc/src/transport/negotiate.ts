import type { RemoteCandidate } from "@roomkit/core";
import type { MediaCall, MediaHost } from "../host/media-host.ts";
import { type AudioPlan, planAudio } from "../media/audio-plan.ts";
import { addressScope, candidateAllowed } from "../sdp/candidate-policy.ts";
import { type ParsedOffer, parseOffer } from "../sdp/offer.ts";
import type { TransportSettings } from "./settings.ts";

/** Which of a client's candidates are taken, by where its HTTP request came from. */
export function candidateFilter(
  settings: Pick<TransportSettings, "allowLoopback" | "allowPrivate">,
  clientAddress: string,
): (candidate: RemoteCandidate) => boolean {
  const scope = addressScope(clientAddress);
  const policy = {
    loopback: settings.allowLoopback ?? scope === "loopback",
    private: settings.allowPrivate ?? scope !== "public",
  };
  return (candidate) => candidateAllowed(candidate, policy);
}

/** Checks an offer, before anything is made for it. @throws RoomKitError `invalid_sdp`, `sdp_too_large`. */
export function readOffer(sdp: string, settings: TransportSettings, clientAddress: string): ParsedOffer {
  return parseOffer(
    sdp,
    candidateFilter(settings, clientAddress),
    settings.limits.candidates,
    (audio) =>
      planFor(audio, settings) !== undefined || {
        unusable: "the offer has no audio codec this server knows (Opus or PCMU)",
      },
  );
}

function planFor(audio: Parameters<typeof planAudio>[0], settings: TransportSettings): AudioPlan | undefined {
  const { mulaw, outboundAudio, inputSampleRate } = settings;
  return planAudio(audio, { outboundAudio, pcmu: mulaw !== undefined, inputSampleRate });
}

/** Answers a checked offer: plans the audio, and lets the host listen. @throws RoomKitError as {@link MediaHost.accept}. */
export function negotiate(
  { form: _form, ...offer }: ParsedOffer,
  host: MediaHost,
  settings: TransportSettings,
  clientAddress: string,
): Promise<MediaCall> {
  const { inputSampleRate, outputSampleRate, limits } = settings;
  const plan = offer.audio && planFor(offer.audio, settings);
  return host.accept({
    offer,
    plan,
    inputSampleRate,
    outputSampleRate,
    loopback: settings.allowLoopback ?? addressScope(clientAddress) === "loopback",
    limits: {
      dataChannels: limits.dataChannels,
      messageBytes: limits.maxMessageBytes,
      bufferedBytes: limits.bufferedBytes,
      remoteAddresses: limits.remoteAddresses,
      streams: limits.streams,
    },
    traffic: limits,
  });
}
