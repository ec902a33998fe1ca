/** A protobuf duration in ms: `10s`, `9.5s`. */
export function parseMs(duration = "0s"): number {
  const seconds = Number.parseFloat(duration);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
