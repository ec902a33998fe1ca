import type { RemoteCandidate, WebRTCOffer } from "@roomkit/core";
import { parseCandidate } from "./candidate.ts";
import { invalidSdp, type SdpSection } from "./lines.ts";
import { attribute, type OfferedSection } from "./sections.ts";

// RFC 8445, 5.3: at least 4 and 22 characters; capped at what browsers send.
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;
const HASHES: ReadonlyMap<string, number> = new Map([
  ["sha-256", 32],
  ["sha-384", 48],
  ["sha-512", 64],
]);

/** What of an offer's candidates is used: the rest is dropped without a word, as ICE does. */
export type CandidateFilter = (candidate: RemoteCandidate) => boolean;

/** The transport of an offer: what its tagged section says, else the session part, else another section of the group. */
export class OfferedTransport {
  readonly #session: SdpSection;
  readonly #places: readonly SdpSection[];

  constructor(session: SdpSection, tagged: OfferedSection) {
    this.#session = session;
    const others = (tagged.group ?? []).filter((section) => section !== tagged);
    this.#places = [tagged, session, ...others];
  }

  /** @throws RoomKitError `invalid_sdp` */
  ice(): WebRTCOffer["ice"] {
    const usernameFragment = this.#first("ice-ufrag");
    const password = this.#first("ice-pwd");
    if (usernameFragment === undefined || !UFRAG.test(usernameFragment))
      throw invalidSdp("a=ice-ufrag is missing or not valid");
    if (password === undefined || !PASSWORD.test(password)) throw invalidSdp("a=ice-pwd is missing or not valid");
    return { usernameFragment, password, lite: this.#session.attributes.has("ice-lite") };
  }

  /** @throws RoomKitError `invalid_sdp` */
  setup(): WebRTCOffer["setup"] {
    const setup = this.#first("setup")?.toLowerCase();
    if (setup === "actpass" || setup === "active" || setup === "passive") return setup;
    throw invalidSdp("a=setup must be actpass, active or passive");
  }

  /** @throws RoomKitError `invalid_sdp` */
  fingerprints(): WebRTCOffer["fingerprints"] {
    for (const place of this.#places) {
      const found = readFingerprints(place.attributes.get("fingerprint") ?? []);
      if (found.length > 4) throw invalidSdp("the offer has too many fingerprints");
      if (found.length > 0) return found;
    }
    throw invalidSdp("the offer needs a sha-256 fingerprint");
  }

  /** Those of this transport, each once: sections that were not bundled yet list others. */
  candidates(accept: CandidateFilter, max: number): readonly RemoteCandidate[] {
    const [tagged] = this.#places as readonly [SdpSection];
    const usernameFragment = this.#first("ice-ufrag");
    const out = new Map<string, RemoteCandidate>();
    for (const place of this.#places) {
      if (place !== tagged && attribute(place, "ice-ufrag") !== usernameFragment) continue;
      for (const line of place.attributes.get("candidate") ?? []) {
        const candidate = parseCandidate(`candidate:${line}`);
        if (typeof candidate !== "object" || out.size >= max || !accept(candidate)) continue;
        const key = `${candidate.address} ${candidate.port}`;
        if (!out.has(key)) out.set(key, candidate);
      }
    }
    return [...out.values()];
  }

  #first(name: string): string | undefined {
    for (const place of this.#places) {
      const value = attribute(place, name);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

function readFingerprints(lines: readonly string[]): WebRTCOffer["fingerprints"] {
  const out = new Map<string, { algorithm: string; value: string }>();
  for (const line of lines) {
    const [name = "", value = "", ...rest] = line.split(/ +/);
    const algorithm = name.toLowerCase();
    const bytes = HASHES.get(algorithm);
    if (bytes === undefined) continue;
    const upper = value.toUpperCase();
    if (rest.length > 0 || !/^[0-9A-F]{2}(?::[0-9A-F]{2})*$/.test(upper) || upper.length !== bytes * 3 - 1) {
      throw invalidSdp("a=fingerprint is not valid");
    }
    out.set(`${algorithm} ${upper}`, { algorithm, value: upper });
  }
  return [...out.values()];
}
