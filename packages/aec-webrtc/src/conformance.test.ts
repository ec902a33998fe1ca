import type { StageFactory } from "@roomkit/core";
import { type InboundStage, stageConformance } from "@roomkit/testing";
import { describe, it } from "vitest";
import { webrtcAec, webrtcAudioProcessing } from "./index.ts";

function conforms(factory: StageFactory<InboundStage>, sampleRate: number, minutes: number): void {
  const format = { sampleRate, channels: 1 } as const;
  for (const { name, run } of stageConformance({ factory, format, gives: "audio", heldBackMs: 25, minutes }))
    it(name, { timeout: 240_000 }, run);
}

describe("the echo canceller at 16,000 Hz", () => conforms(webrtcAec(), 16_000, 10));

describe.each([8_000, 24_000, 48_000])("the echo canceller at %i Hz", (sampleRate) =>
  conforms(webrtcAec(), sampleRate, 1),
);

describe("noise suppression", () => {
  const { denoiser } = webrtcAudioProcessing({ echoCancellation: false, noiseSuppression: true });
  conforms(denoiser as StageFactory<InboundStage>, 16_000, 1);
});

describe("gain control", () => {
  const { agc } = webrtcAudioProcessing({ echoCancellation: false, autoGainControl: true });
  conforms(agc as StageFactory<InboundStage>, 16_000, 1);
});
