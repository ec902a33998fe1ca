import { RoomKitError } from "@roomkit/core";

export interface AdmissionOptions {
  /** Most connections at once. Default 100. */
  readonly concurrencyLimit?: number | undefined;
  /** Most connections from one address at once. Default 20. */
  readonly perAddressLimit?: number | undefined;
}

export type Admitted =
  /** `release` gives the place back; calling it again does nothing. */
  | { readonly ok: true; readonly release: () => void }
  | {
      readonly ok: false;
      readonly code: "concurrency_limit_reached" | "address_limit_reached" | "draining";
      /** HTTP status that says so. */
      readonly status: 429 | 503;
      /** The limit that was reached. */
      readonly limit: number | undefined;
      readonly retryAfterMs: number;
    };

/** Counts connections and refuses those that are too many, before anything is made for them. */
export class Admission {
  readonly #limit: number;
  readonly #perAddress: number;
  readonly #byAddress = new Map<string, number>();
  #count = 0;
  #draining = false;

  constructor(options: AdmissionOptions = {}) {
    const { concurrencyLimit = 100, perAddressLimit = 20 } = options;
    if (!(concurrencyLimit >= 1) || !(perAddressLimit >= 1)) {
      throw new RoomKitError("invalid_option", "connection limits are at least 1");
    }
    this.#limit = concurrencyLimit;
    this.#perAddress = perAddressLimit;
  }

  get count(): number {
    return this.#count;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Nobody is admitted any more. */
  drain(): void {
    this.#draining = true;
  }

  admit(address: string): Admitted {
    if (this.#draining) return { ok: false, code: "draining", status: 503, limit: undefined, retryAfterMs: 5_000 };
    if (this.#count >= this.#limit) {
      return { ok: false, code: "concurrency_limit_reached", status: 503, limit: this.#limit, retryAfterMs: 5_000 };
    }
    const here = this.#byAddress.get(address) ?? 0;
    if (here >= this.#perAddress) {
      return { ok: false, code: "address_limit_reached", status: 429, limit: this.#perAddress, retryAfterMs: 5_000 };
    }
    this.#count++;
    this.#byAddress.set(address, here + 1);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.#count--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    };
    return { ok: true, release };
  }
}
