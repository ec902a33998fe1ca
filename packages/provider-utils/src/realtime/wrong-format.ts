import { type AudioFormat, type AudioFrame, RoomKitError, sameFormat } from "@roomkit/core";

/** The error for a frame in another format than a session takes; undefined when it is right. */
export function wrongFormat(frame: AudioFrame, inbound: AudioFormat, provider: string): RoomKitError | undefined {
  if (sameFormat(frame, inbound)) return undefined;
  const { sampleRate, channels } = frame;
  const message = `${provider} takes mono at ${inbound.sampleRate} Hz here, not ${channels} x ${sampleRate} Hz`;
  return new RoomKitError("unsupported_format", message, { details: { sampleRate, channels } });
}
