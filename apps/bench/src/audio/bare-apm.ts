import { createRequire } from "node:module";
import type * as Bindings from "@livekit/rtc-ffi-bindings";

type Features = Partial<
  Record<
    "echoCancellerEnabled" | "noiseSuppressionEnabled" | "gainControllerEnabled" | "highPassFilterEnabled",
    boolean
  >
>;

/** WebRTC's audio processing called as its binding's own examples do: a message made and read for each block of 10 ms. */
export interface BareApm {
  readonly sampleRate: number;
  readonly block: number;
  reverse(block: ArrayLike<number>): void;
  process(block: ArrayLike<number>): Int16Array;
}

export function bareApm(sampleRate: number, features: Features): BareApm {
  const ffi = createRequire(import.meta.url)("@livekit/rtc-ffi-bindings") as typeof Bindings;
  const request = (message: Bindings.FfiRequest["message"]): Bindings.FfiResponse["message"]["value"] =>
    ffi.FfiResponse.fromBinary(ffi.livekitFfiRequest(new ffi.FfiRequest({ message }).toBinary())).message.value;
  const made = request({
    case: "newApm",
    value: new ffi.NewApmRequest({
      echoCancellerEnabled: false,
      gainControllerEnabled: false,
      highPassFilterEnabled: false,
      noiseSuppressionEnabled: false,
      ...features,
    }),
  }) as Bindings.NewApmResponse;
  const apmHandle = made.apm?.handle?.id as bigint;
  const block = sampleRate / 100;
  const samples = new Int16Array(block);
  const fields = (): object => {
    const bytes = new Uint8Array(samples.buffer);
    return { apmHandle, dataPtr: ffi.livekitRetrievePtr(bytes), size: bytes.length, sampleRate, numChannels: 1 };
  };
  return {
    sampleRate,
    block,
    reverse(played) {
      samples.set(played);
      request({ case: "apmProcessReverseStream", value: new ffi.ApmProcessReverseStreamRequest(fields()) });
    },
    process(heard) {
      samples.set(heard);
      request({ case: "apmProcessStream", value: new ffi.ApmProcessStreamRequest(fields()) });
      return samples;
    },
  };
}
