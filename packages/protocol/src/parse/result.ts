/** Why a message was not understood. Stable. */
export type ParseErrorCode =
  /** Longer than `maxMessageBytes`. */
  | "message_too_large"
  /** Not JSON, not an object, nested too deep, or a field is missing or of the wrong kind. */
  | "bad_message"
  /** An `event`, `type` or `status` this version does not know. */
  | "unknown_event"
  /** An id is not 1 to 128 of `A-Z a-z 0-9 _ -`, or is `__proto__`. */
  | "bad_id"
  /** The payload of a media message is not strict base64. */
  | "bad_audio";

/** A parser never throws: it returns this. `message` is for people and repeats nothing the other side sent. */
export type ParseResult<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly code: ParseErrorCode; readonly message: string };

/** Thrown and caught inside this package only; not an Error, because hostile input must not cost a stack trace each. */
export class Malformed {
  readonly code: ParseErrorCode;
  readonly message: string;

  constructor(code: ParseErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** Runs a reader, turning {@link Malformed} into a result. */
export function attempt<Message>(read: () => Message): ParseResult<Message> {
  try {
    return { ok: true, message: read() };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, code: error.code, message: error.message };
    // Nothing else is thrown on purpose; whatever it is, a message must not take the process down.
    return { ok: false, code: "bad_message", message: "the message could not be read" };
  }
}
