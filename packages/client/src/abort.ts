import { VoiceClientError } from "./errors.ts";

/** What an aborted operation ends with. */
export function abortedError(signal: AbortSignal): VoiceClientError {
  return VoiceClientError.from(signal.reason, "aborted");
}

/** Waits for `promise`, but not past `signal`; leaves no listener behind. @throws VoiceClientError the signal's reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
