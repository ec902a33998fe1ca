const BRAND: unique symbol = Symbol.for("roomkit.error") as never;

export interface RoomKitErrorOptions {
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean | undefined;
  /** What caused it. */
  readonly cause?: unknown;
  /** Facts for the log: no transcript, no secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the client that it concerns may be told the code: thrown by a session factory, it is why the client is refused. Default false. */
  readonly toClient?: boolean | undefined;
}

/**
 * The one error class of the project. `code` is stable and meant for programs, `message` for people.
 * Recognise it with {@link RoomKitError.is}: that works across duplicate copies of the package, where `instanceof` does not.
 */
export class RoomKitError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly toClient: boolean;

  constructor(code: string, message: string, options: RoomKitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RoomKitError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    this.toClient = options.toClient ?? false;
    Object.defineProperty(this, BRAND, { value: true, enumerable: false });
  }

  /** True for a RoomKitError of any copy of this package; with `code`, only for that code. */
  static is(error: unknown, code?: string): error is RoomKitError {
    if (typeof error !== "object" || error === null || !(BRAND in error)) return false;
    return code === undefined || (error as unknown as RoomKitError).code === code;
  }

  /** The error itself when it is one of ours, otherwise one with `code` around it. */
  static from(error: unknown, code = "internal"): RoomKitError {
    if (RoomKitError.is(error)) return error;
    return new RoomKitError(code, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The error every aborted operation ends with: code `aborted`. */
export function abortedError(signal?: AbortSignal): RoomKitError {
  if (RoomKitError.is(signal?.reason)) return signal.reason;
  return new RoomKitError("aborted", "the operation was aborted", { cause: signal?.reason });
}
