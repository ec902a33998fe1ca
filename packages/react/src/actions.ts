import type { CallSetup } from "./options.ts";

/** What can be done with a call. None of these throws or rejects: what goes wrong is in `error`. They are the same at every rendering. */
export interface CallActions {
  /**
   * Starts a call; call it from a click. While there is one, a second start is the same call. `options` stand above the provider's for
   * this call. Resolves when the call stands, or did not come about.
   */
  start(options?: Partial<CallSetup>): Promise<void>;
  /** Ends the call, or the attempt to make one. Resolves when microphone and speaker are released. */
  end(): Promise<void>;
  /** Carries the call on over a new connection, with other options if need be. The transcript stays; the server begins a new session. */
  restart(options?: Partial<CallSetup>): Promise<void>;
  mute(): void;
  unmute(): void;
  /** Stops what the assistant is saying. */
  interrupt(): void;
  /** Says something by typing, and shows it in the transcript; false when it was not sent. */
  say(text: string): boolean;
  /** Sends a message to the server's application; false when it was not sent. */
  sendData(name: string, payload: unknown): boolean;
  /** Asks for the microphone again, in a call that has none. */
  openMicrophone(): Promise<void>;
  /** Adds a line to the transcript that nobody said. */
  note(text: string): void;
  dismissError(): void;
}
