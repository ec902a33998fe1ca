import { type Clock, RoomKitError, withTimeout } from "@roomkit/core";
import type { RecordingCipher, RecordingSink, RecordingStorage } from "./storage.ts";

export interface SinkWriterOptions {
  readonly storage: RecordingStorage;
  /** Without its ending. */
  readonly name: string;
  /** With its dot. */
  readonly ending: string;
  readonly cipher: ((name: string) => RecordingCipher) | undefined;
  readonly clock: Clock;
  /** Longest wait for one call of the storage, ms. */
  readonly timeoutMs: number;
}

/** Other names tried where one is taken. */
const MOST_NAMES = 100;

/** One file of a storage: a name of its own, encryption, and a time for every call. Every failure is a RoomKitError. */
export class SinkWriter {
  readonly name: string;
  readonly #sink: RecordingSink;
  readonly #cipher: RecordingCipher | undefined;
  readonly #options: SinkWriterOptions;
  #bytes = 0;

  private constructor(name: string, sink: RecordingSink, options: SinkWriterOptions) {
    this.name = name;
    this.#sink = sink;
    this.#options = options;
    this.#cipher = options.cipher && within("the cipher", () => options.cipher?.(name));
  }

  /** @throws RoomKitError `storage_failed`, `cipher_failed`, `storage_timeout`. */
  static async open(options: SinkWriterOptions): Promise<SinkWriter> {
    const { storage, name, ending, cipher } = options;
    for (let count = 1; ; count++) {
      const tried = `${name}${count === 1 ? "" : `-${count}`}${ending}${cipher ? ".enc" : ""}`;
      try {
        const sink = await timed(
          options,
          () => storage.open(tried),
          (late) => late.close(),
        );
        if (typeof sink?.write !== "function" || typeof sink.close !== "function")
          throw new RoomKitError("storage_failed", "the storage gave nothing that could be written to");
        return new SinkWriter(tried, sink, options);
      } catch (error) {
        if (!taken(error) || count === MOST_NAMES) throw error;
      }
    }
  }

  /** Bytes in the storage. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether {@link patch} does anything. */
  get patches(): boolean {
    return this.#sink.writeAt !== undefined && !this.#cipher;
  }

  /** @throws RoomKitError `storage_failed`, `cipher_failed`, `storage_timeout`. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#append(this.#cipher ? within("the cipher", () => this.#cipher?.update(bytes)) : bytes);
  }

  /** Writes over the beginning, where the storage can. @throws RoomKitError `storage_failed`, `storage_timeout`. */
  async patch(bytes: Uint8Array): Promise<void> {
    if (this.patches) await timed(this.#options, () => this.#sink.writeAt?.(bytes, 0));
  }

  /** @throws RoomKitError `storage_failed`, `cipher_failed`, `storage_timeout`. */
  async close(): Promise<void> {
    try {
      if (this.#cipher) await this.#append(within("the cipher", () => this.#cipher?.final()));
    } finally {
      await timed(this.#options, () => this.#sink.close());
    }
  }

  /** Closes what has failed; nobody is told whether that succeeds. */
  async abandon(): Promise<void> {
    await timed(this.#options, () => this.#sink.close()).catch(() => {});
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await timed(this.#options, () => this.#sink.write(bytes));
    this.#bytes += bytes.length;
  }
}

function taken(error: unknown): boolean {
  const { code, cause } = error as {
    readonly code?: unknown;
    readonly cause?: { readonly code?: unknown } | undefined;
  };
  return code === "EEXIST" || cause?.code === "EEXIST";
}

/** A call of the storage. `late` gets what it gives after its time. */
async function timed<T>(
  { clock, timeoutMs }: SinkWriterOptions,
  call: () => T | Promise<T>,
  late?: (value: T) => unknown,
): Promise<T> {
  let over = false;
  // In a promise of its own, so that one that throws at once is as any other.
  const made = (async () => call())();
  made
    .then(
      async (value) => {
        if (over) await late?.(value);
      },
      () => {},
    )
    .catch(() => {});
  try {
    return await withTimeout(made, timeoutMs, { clock, what: "the storage" });
  } catch (error) {
    over = true;
    throw storageError(error);
  }
}

/** What a storage failed with, or that it took too long. */
export function storageError(thrown: unknown): RoomKitError {
  const error = RoomKitError.from(thrown, "storage_failed");
  if (!RoomKitError.is(error, "timeout")) return error;
  return new RoomKitError("storage_timeout", error.message, { retryable: true, cause: error });
}

function within<T>(what: string, call: () => T | undefined): T {
  try {
    const made = call();
    if (made !== undefined) return made;
  } catch (error) {
    throw RoomKitError.from(error, "cipher_failed");
  }
  throw new RoomKitError("cipher_failed", `${what} gave nothing`);
}
