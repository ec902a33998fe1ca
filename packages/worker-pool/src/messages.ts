import { RoomKitError } from "@roomkit/core";

/** What the pool tells a worker. */
export type ToWorker =
  | { readonly type: "start"; readonly data: unknown }
  | { readonly type: "job"; readonly id: number; readonly job: unknown }
  | { readonly type: "cancel"; readonly id: number };

/** What a worker tells the pool. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: WireError }
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: WireError };

/** A {@link RoomKitError} as it crosses a process boundary; its cause stays behind, as it may not be cloneable. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export function toWire(thrown: unknown, code: string): WireError {
  const error = RoomKitError.from(thrown, code);
  return { code: error.code, message: error.message, retryable: error.retryable, details: error.details };
}

export function fromWire({ code, message, retryable, details }: WireError): RoomKitError {
  return new RoomKitError(code, message, { retryable, details });
}
