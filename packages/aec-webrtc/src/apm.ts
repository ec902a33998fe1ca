import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Bindings from "@livekit/rtc-ffi-bindings";
import { RoomKitError } from "@roomkit/core";

export type Ffi = typeof Bindings;

/** What an instance does. Echo cancellation and noise suppression bring the high-pass filter along. */
export interface Features {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
  readonly highPass: boolean;
}

/** The answer to a request that went well, in bytes: the tag of the message and its length, 0. */
const DONE = 3;

/**
 * Loads the native library: late, so that importing this package does not, and synchronously, since a pipeline opens its stages so.
 * It is not initialised: only what the library does of its own accord needs that, and it would keep the process alive.
 *
 * @throws RoomKitError `missing_dependency` when it is not installed, or there is none for this platform.
 */
export function loadFfi(load?: (name: string) => unknown): Ffi {
  try {
    // A CommonJS bundle does not know where it is; what it was put together for then has the library.
    const from = import.meta.url ?? join(process.cwd(), "package.json");
    return (load ?? createRequire(from))("@livekit/rtc-ffi-bindings") as Ffi;
  } catch (cause) {
    const { platform, arch } = process;
    throw new RoomKitError("missing_dependency", `@livekit/rtc-ffi-bindings has no library for ${platform} ${arch}`, {
      details: { platform, arch },
      cause,
    });
  }
}

/** One instance of WebRTC's audio processing module. Works in place on what stands in `near` and `far`: 10 ms, mono. */
export class Apm {
  readonly near: Int16Array;
  readonly far: Int16Array;
  readonly #ffi: Ffi;
  readonly #handle: Bindings.FfiHandle;
  /** The two requests made a hundred times a second; the same bytes each time, as the memory they point to stays. */
  readonly #processNear: Uint8Array;
  readonly #processFar: Uint8Array;

  /**
   * @param sampleRate Hz, a multiple of 100.
   * @throws RoomKitError `engine_failed`
   */
  constructor(ffi: Ffi, features: Features, sampleRate: number) {
    this.#ffi = ffi;
    // Of a size at which V8 keeps it outside of its heap, where nothing moves.
    const bytes = (2 * sampleRate) / 100;
    this.near = new Int16Array(new ArrayBuffer(bytes));
    this.far = new Int16Array(new ArrayBuffer(bytes));
    const { message } = request(ffi, {
      case: "newApm",
      value: new ffi.NewApmRequest({
        echoCancellerEnabled: features.echoCancellation,
        noiseSuppressionEnabled: features.noiseSuppression,
        gainControllerEnabled: features.autoGainControl,
        highPassFilterEnabled: features.highPass,
      }),
    });
    const id = message.case === "newApm" ? message.value.apm?.handle?.id : undefined;
    if (id === undefined) throw new RoomKitError("engine_failed", "WebRTC's audio processing could not be opened");
    this.#handle = new ffi.FfiHandle(id);
    const frame = ({ buffer }: Int16Array): object => ({
      apmHandle: id,
      dataPtr: ffi.livekitRetrievePtr(new Uint8Array(buffer as ArrayBuffer)),
      size: bytes,
      sampleRate,
      numChannels: 1,
    });
    const coded = (message: Bindings.FfiRequest["message"]): Uint8Array => new ffi.FfiRequest({ message }).toBinary();
    this.#processNear = coded({ case: "apmProcessStream", value: new ffi.ApmProcessStreamRequest(frame(this.near)) });
    this.#processFar = coded({
      case: "apmProcessReverseStream",
      value: new ffi.ApmProcessReverseStreamRequest(frame(this.far)),
    });
  }

  /** Takes `far`: what is played. @throws RoomKitError `engine_failed` */
  analyzeFar(): void {
    this.#send(this.#processFar);
  }

  /** Works on `near`: what the microphone hears. @throws RoomKitError `engine_failed` */
  processNear(): void {
    this.#send(this.#processNear);
  }

  /** Frees it; `near` and `far` are not to be worked on any more. */
  close(): void {
    this.#handle.dispose();
  }

  #send(coded: Uint8Array): void {
    const answer = this.#ffi.livekitFfiRequest(coded);
    if (answer.length === DONE) return;
    const { value } = this.#ffi.FfiResponse.fromBinary(answer).message;
    throw new RoomKitError("engine_failed", "WebRTC's audio processing failed on a block", {
      details: { error: value && "error" in value ? value.error : undefined },
    });
  }
}

function request(ffi: Ffi, message: Bindings.FfiRequest["message"]): Bindings.FfiResponse {
  return ffi.FfiResponse.fromBinary(ffi.livekitFfiRequest(new ffi.FfiRequest({ message }).toBinary()));
}
