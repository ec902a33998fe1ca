import type { Clock } from "@roomkit/core";
import { CipherContext, HashAlgorithm, NamedCurveAlgorithm, RTCCertificate, SignatureAlgorithm } from "werift";

/** How long one certificate serves new connections, in ms. */
const LIFETIME_MS = 60 * 60 * 1000;

export interface ServerCertificate {
  readonly certificate: RTCCertificate;
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
}

/** The self-signed certificates this server shows: a new one every hour, so that connections cannot be linked by it for long. */
export class Certificates {
  readonly #clock: Clock;
  #current: Promise<ServerCertificate> | undefined;
  #madeAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  current(): Promise<ServerCertificate> {
    if (!this.#current || this.#clock.now() - this.#madeAt > LIFETIME_MS) {
      this.#madeAt = this.#clock.now();
      const made = create();
      this.#current = made;
      made.catch(() => {
        if (this.#current === made) this.#current = undefined;
      });
    }
    return this.#current;
  }
}

async function create(): Promise<ServerCertificate> {
  const keys = await CipherContext.createSelfSignedCertificateWithKey(
    { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
    NamedCurveAlgorithm.secp256r1_23,
  );
  const certificate = new RTCCertificate(keys.keyPem, keys.certPem, keys.signatureHash);
  const [fingerprint] = certificate.getFingerprints();
  if (!fingerprint) throw new Error("werift gave no fingerprint");
  return { certificate, fingerprint: { algorithm: fingerprint.algorithm, value: fingerprint.value } };
}
