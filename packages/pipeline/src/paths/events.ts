import { type DtmfEvent, isDtmfDigit, RoomKitError, type SpeakerEvent } from "@roomkit/core";

/** Checks what a detector tells. @throws RoomKitError `invalid_stage_output` */
export function assertDigit(event: DtmfEvent): void {
  const { digit, durationMs, timestamp }: Partial<DtmfEvent> = event ?? {};
  if (isDtmfDigit(digit) && Number.isFinite(durationMs) && Number.isFinite(timestamp)) return;
  throw new RoomKitError("invalid_stage_output", "the detector gave something else than a press of a key");
}

/** Checks what a diarizer tells. @throws RoomKitError `invalid_stage_output` */
export function assertSpeaker(event: SpeakerEvent): void {
  const { speaker, confidence, timestamp }: Partial<SpeakerEvent> = event ?? {};
  if (typeof speaker === "string" && Number.isFinite(confidence) && Number.isFinite(timestamp)) return;
  throw new RoomKitError("invalid_stage_output", "the diarizer gave something else than a stretch of a voice");
}
