/** What the SDK itself reports; a server's own codes come through as they are. */
export type ClientErrorCode =
  | "aborted"
  | "blocked_by_policy"
  | "connection_failed"
  | "connection_lost"
  | "connection_timeout"
  | "insecure_context"
  | "insecure_url"
  | "invalid_option"
  | "invalid_state"
  | "limit_reached"
  | "microphone_denied"
  | "microphone_in_use"
  | "microphone_lost"
  | "microphone_muted"
  | "microphone_not_found"
  | "microphone_silent"
  | "not_connected"
  | "origin_not_allowed"
  | "protocol_error"
  | "refused"
  | "resumed_elsewhere"
  | "session_expired"
  | "speaker_not_found"
  | "token_failed"
  | "unauthorized"
  | "unknown_path"
  | "unsupported"
  | "worklet_failed";

const hints: { readonly [code: string]: string } = {
  blocked_by_policy: "This page's security policy forbids it to connect to the server (connect-src).",
  connection_failed:
    "The server cannot be reached. Check that it is running and that the address is right, then try again.",
  connection_lost: "The connection was lost and could not be restored. Check your network and start a new call.",
  connection_timeout: "The server did not answer in time. Check your network and try again.",
  insecure_context: "Browsers only allow the microphone on secure pages. Open this page over https, or on localhost.",
  insecure_url: "A secure page may only connect to a secure address: one that begins with wss:// or https://.",
  invalid_option: "This page is set up wrongly for the call. Check the address and the settings.",
  limit_reached: "The server is busy with other calls. Try again in a moment.",
  address_limit_reached: "Too many calls from your network. Try again in a moment.",
  concurrency_limit_reached: "The server is busy with other calls. Try again in a moment.",
  node_full: "The server is busy with other calls. Try again in a moment.",
  server_busy: "The server is busy with other calls. Try again in a moment.",
  rate_limited: "Too many requests in a short time. Wait a moment and try again.",
  no_call: "There is no call to attend just now. Try again when there is one.",
  not_allowed: "You are not allowed to do that in this call.",
  taken_over: "Somebody else has taken this call over.",
  too_many_operators: "As many people attend this call as may.",
  microphone_denied: "The microphone is blocked. Allow it for this page in your browser's address bar, then try again.",
  microphone_in_use: "Another program is using the microphone. Close it, or choose another microphone.",
  microphone_lost: "The microphone was unplugged or switched off. Plug it in again, or choose another one.",
  microphone_muted: "The microphone was muted by the system or on the device. Switch it on again there.",
  microphone_silent: "Nothing at all comes from the microphone. Check that it is not muted, or choose another one.",
  microphone_not_found: "No microphone was found. Plug one in, or go on without: you can type or send a recording.",
  origin_not_allowed: "The server takes no calls from pages of this address.",
  refused: "The server did not take this call.",
  resumed_elsewhere: "This call was continued in another tab or on another device.",
  session_expired: "The call was away for too long and has ended. Start a new one.",
  idle_timeout: "The call ended because nothing was heard for a while. Start a new one.",
  draining: "The server is being updated. Try again in a moment.",
  speaker_not_found: "That speaker could not be used. The sound comes from the system's own.",
  token_failed: "Access to the call could not be arranged. Try again in a moment.",
  unauthorized: "You are not allowed to make this call. Sign in again, or check the access token.",
  unknown_path: "There is no voice endpoint at this address. Check the path in the settings.",
  unsupported: "This browser cannot do that. A current version of Chrome, Edge, Firefox or Safari can.",
  worklet_failed: "The browser refused to load the audio code. A content security policy may be blocking it.",
};

export interface VoiceClientErrorOptions {
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** Everything that goes wrong in the SDK. `code` is for programs, `message` for developers, `hint` for the person calling. */
export class VoiceClientError extends Error {
  /** A {@link ClientErrorCode}, or a code of the server. Stable. */
  readonly code: string;
  readonly retryable: boolean;
  /** One or two sentences for the person at the screen: what happened and what they can do. English. */
  readonly hint: string;

  constructor(code: ClientErrorCode | (string & {}), message: string, options: VoiceClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "VoiceClientError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.hint = Object.hasOwn(hints, code)
      ? (hints[code] as string)
      : this.retryable
        ? "Something went wrong. Try again in a moment."
        : "Something went wrong on the server.";
  }

  /** The error itself when it is one of ours, otherwise one with `code` around it. */
  static from(error: unknown, code: ClientErrorCode): VoiceClientError {
    if (error instanceof VoiceClientError) return error;
    const message = error instanceof Error ? error.message : String(error);
    // What nobody named a reason for may pass.
    return new VoiceClientError(code, message, { retryable: code === "connection_failed", cause: error });
  }
}
