import { RoomKitError } from "@roomkit/core";

/** A {@link RoomKitError} as it crosses to another process or thread; its cause stays behind, as it may not be cloneable. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

/** @param code of what is no {@link RoomKitError} yet */
export function toWire(thrown: unknown, code: string): WireError {
  const { message, retryable, details, code: said } = RoomKitError.from(thrown, code);
  return { code: said, message, retryable, details: cloneable(details) };
}

/** Details may hold what no other thread or process can have; without them the error still says what it was. */
function cloneable(details: WireError["details"]): WireError["details"] {
  try {
    return structuredClone(details);
  } catch {
    return {};
  }
}

/** The error again, on the other side. */
export function fromWire({ code, message, retryable, details }: WireError): RoomKitError {
  return new RoomKitError(code, message, { retryable, details });
}
