import { randomBytes } from "node:crypto";
import type { WebRTCOffer } from "@roomkit/core";
import {
  type RTCCertificate,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  RTCIceGatherer,
  RTCIceTransport,
} from "werift";
import { iceInternals, takeOverMedia } from "./internals.ts";

/** AEAD_AES_128_GCM, then AES128_CM_HMAC_SHA1_80 (RFC 5764, 4.1.2; RFC 7714, 14.2). */
const SRTP_PROFILES: readonly (7 | 1)[] = [7, 1];

/** What one side of ICE is known by to the other. */
export interface IceCredentials {
  readonly fragment: string;
  readonly password: string;
}

export function newCredentials(): IceCredentials {
  return { fragment: letters(9), password: letters(24) };
}

/** So many random bytes as letters and digits. */
const letters = (bytes: number): string =>
  randomBytes(bytes)
    .toString("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "x");

/** An ICE agent that answers `offer` with our credentials. It opens no socket of its own. */
export function openIce(offer: WebRTCOffer, iceLite: boolean, local: IceCredentials): RTCIceTransport {
  const ice = new RTCIceTransport(new RTCIceGatherer({ iceLite }));
  const agent = iceInternals(ice);
  // No server means Google's, in werift.
  agent.stunServer = undefined;
  agent.turnServer = undefined;
  // Its own user fragment has 16 random bits; RFC 8445, 5.3 asks for 24.
  agent.localUsername = local.fragment;
  agent.localPassword = local.password;
  agent.userHistory = { [local.fragment]: local.password };
  agent.iceControlling = offer.ice.lite && !iceLite;
  // Nothing is gathered: sockets are attached.
  agent.localCandidatesStart = true;
  agent.localCandidatesEnd = true;
  agent.setRemoteParams({
    iceLite: offer.ice.lite,
    usernameFragment: offer.ice.usernameFragment,
    password: offer.ice.password,
  });
  return ice;
}

/** DTLS and SRTP over that agent, for the certificates `offer` names. */
export function openDtls(ice: RTCIceTransport, offer: WebRTCOffer, certificate: RTCCertificate): RTCDtlsTransport {
  const dtls = new RTCDtlsTransport({}, ice, certificate, [...SRTP_PROFILES]);
  // The client's ClientHello comes without the 100 ms that werift waits before its own.
  dtls.role = offer.setup === "passive" ? "client" : "server";
  const fingerprints = offer.fingerprints.map((f) => new RTCDtlsFingerprint(f.algorithm, f.value));
  dtls.setRemoteParams(new RTCDtlsParameters(fingerprints, offer.setup === "passive" ? "server" : "client"));
  takeOverMedia(dtls);
  return dtls;
}
