import { type OpusSampleRate, RoomKitError } from "@roomkit/core";
import type { EncoderHandle, EncoderSettings } from "./encoder.ts";

/** What is used of `@evan/opus`. */
interface Evan {
  readonly Encoder: new (options: {
    readonly channels: 1;
    readonly sample_rate: OpusSampleRate;
    readonly application: "voip";
  }) => {
    bitrate: number;
    complexity: number;
    inband_fec: boolean;
    packet_loss: number;
    dtx: boolean;
    signal: "voice";
    encode(samples: Int16Array): Uint8Array;
  };
}

/** Late, as it is optional. The cast hides the name from the compiler, the comments from bundlers, which would look for the package. */
const load = (): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ "@evan/opus" as string);

/** An encoder of the libopus that comes built inside `@evan/opus`. @throws RoomKitError `missing_dependency`, `engine_failed` */
export async function evanEncoder(
  settings: EncoderSettings,
  from: () => Promise<unknown> = load,
): Promise<EncoderHandle> {
  const { Encoder } = await evan(from);
  const encoder = new Encoder({ channels: 1, sample_rate: settings.sampleRate, application: "voip" });
  encoder.signal = "voice";
  encoder.bitrate = settings.bitrate;
  encoder.complexity = settings.complexity;
  encoder.inband_fec = settings.fec;
  encoder.packet_loss = settings.packetLossPercent;
  encoder.dtx = settings.dtx;
  // It has nothing to free: the collector does.
  return {
    encode: (samples) => encoder.encode(samples),
    setPacketLossPercent(percent) {
      encoder.packet_loss = percent;
    },
    free() {},
  };
}

async function evan(load: () => Promise<unknown>): Promise<Evan> {
  try {
    const module = (await load()) as Evan & { readonly default?: Evan };
    return module.default ?? module;
  } catch (cause) {
    if ((cause as { code?: unknown } | undefined)?.code === "ERR_MODULE_NOT_FOUND")
      throw new RoomKitError("missing_dependency", "install the library beside this package: @evan/opus", { cause });
    throw new RoomKitError("engine_failed", "@evan/opus could not be loaded", { cause });
  }
}
