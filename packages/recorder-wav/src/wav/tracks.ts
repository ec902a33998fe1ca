import { endianness } from "node:os";
import type { RecordedSide } from "@roomkit/core";
import type { Stretch } from "../tape/tape.ts";

export type RecordingLayout = "stereo" | "mixed" | "inbound" | "outbound" | "separate";

/** One file of a recording: what is in it, and how a stretch of the call looks there. */
export interface Track {
  /** What its name has before its ending. */
  readonly suffix: string;
  readonly channels: readonly RecordedSide[];
  /** Channels of the file: 1 where both sides are mixed. */
  readonly width: 1 | 2;
  /** Its samples; undefined for silence. */
  readonly encode: (stretch: Stretch) => Int16Array | undefined;
}

const both: readonly RecordedSide[] = ["inbound", "outbound"];
const one = (side: RecordedSide, suffix: string): Track => ({
  suffix,
  channels: [side],
  width: 1,
  encode: (stretch) => stretch[side],
});

export function tracksOf(layout: RecordingLayout): readonly Track[] {
  switch (layout) {
    case "stereo":
      return [{ suffix: "", channels: both, width: 2, encode: interleaved }];
    case "mixed":
      return [{ suffix: "", channels: both, width: 1, encode: mixed }];
    case "separate":
      return both.map((side) => one(side, `-${side}`));
    default:
      return [one(layout, "")];
  }
}

function interleaved({ length, inbound, outbound }: Stretch): Int16Array | undefined {
  if (!inbound && !outbound) return undefined;
  const out = new Int16Array(2 * length);
  if (inbound) for (let i = 0; i < length; i++) out[2 * i] = inbound[i] as number;
  if (outbound) for (let i = 0; i < length; i++) out[2 * i + 1] = outbound[i] as number;
  return out;
}

/** The sum of both sides, at most as loud as 16 bits are. */
function mixed({ length, inbound, outbound }: Stretch): Int16Array | undefined {
  if (!inbound || !outbound) return inbound ?? outbound;
  const out = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    const sum = (inbound[i] as number) + (outbound[i] as number);
    out[i] = Math.max(-32_768, Math.min(32_767, sum));
  }
  return out;
}

const BIG_ENDIAN = endianness() === "BE";

/** Samples as they stand in a file, low byte first. */
export function bytesOf(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return BIG_ENDIAN ? Buffer.from(bytes).swap16() : bytes;
}
