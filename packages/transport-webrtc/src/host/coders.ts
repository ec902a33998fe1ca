import { type AudioCodec, type AudioFormat, type OpusCodec, type OpusSampleRate, RoomKitError } from "@roomkit/core";
import type { AudioPlan } from "../media/audio-plan.ts";
import { AudioReceiver, type AudioReceiverOptions } from "../media/audio-receiver.ts";
import { AudioSender, type AudioSenderOptions, g711Encoding, opusEncoding } from "../media/audio-sender.ts";
import { g711Frames, opusFrames } from "../media/frame-decoder.ts";

export interface CodersSetup {
  readonly plan: AudioPlan | undefined;
  readonly opus: OpusCodec;
  readonly mulaw: AudioCodec | undefined;
  readonly inputSampleRate: OpusSampleRate;
  readonly outputSampleRate: number;
}

/** The coders of one call: made here, closed by whoever asked for them. */
export interface CallCoders {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly dtmfEvents: string;
  receiver(options: Omit<AudioReceiverOptions, "decoder" | "payloadTypes">): AudioReceiver | undefined;
  sender(options: Omit<AudioSenderOptions, "encoder" | "payloadType" | "telephoneEvent">): AudioSender | undefined;
  close(): void;
}

/** Makes the coders a plan needs. @throws RoomKitError of the codec. */
export async function openCoders(setup: CodersSetup): Promise<CallCoders> {
  const { plan, opus, inputSampleRate, outputSampleRate } = setup;
  const mulaw = (): AudioCodec => {
    if (setup.mulaw) return setup.mulaw;
    throw new RoomKitError("internal", "PCMU was agreed on without a codec for it");
  };
  const decoder =
    plan?.inbound?.codec === "opus"
      ? opusFrames(await opus.createDecoder({ sampleRate: inputSampleRate }))
      : plan?.inbound && g711Frames(mulaw());
  try {
    const encoder =
      plan?.outbound?.codec === "opus"
        ? opusEncoding(await opus.createEncoder({ sampleRate: outputSampleRate as OpusSampleRate }))
        : plan?.outbound && g711Encoding(mulaw());
    return {
      inbound: { sampleRate: decoder?.sampleRate ?? inputSampleRate, channels: 1 },
      outbound: { sampleRate: encoder?.sampleRate ?? outputSampleRate, channels: 1 },
      dtmfEvents: plan?.outbound?.telephoneEvent?.digits ?? "",
      receiver(options) {
        if (!decoder || !plan?.inbound) return undefined;
        const { payloadType, red, telephoneEvent } = plan.inbound;
        return new AudioReceiver({ ...options, decoder, payloadTypes: { audio: payloadType, red, telephoneEvent } });
      },
      sender(options) {
        if (!encoder || !plan?.outbound) return undefined;
        const { payloadType, telephoneEvent } = plan.outbound;
        return new AudioSender({ ...options, encoder, payloadType, telephoneEvent });
      },
      close() {
        decoder?.close();
        encoder?.close();
      },
    };
  } catch (error) {
    decoder?.close();
    throw error;
  }
}
