/** What a WAV file of 16-bit linear PCM begins with. */
const HEADER_BYTES = 44 as const;
/**
 * The size of what is still being written: those who read a file of a stream take what there is. (Above it, readers that take
 * sizes for signed numbers see none.)
 */
const UNKNOWN = 0x7fff_f000;
/** Most samples of a file, all channels together. */
export const MOST_SAMPLES: number = (UNKNOWN - HEADER_BYTES) / 2;

/** @param dataBytes how much audio follows; absent: what there is. */
export function wavHeader(channels: number, sampleRate: number, dataBytes: number = UNKNOWN): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  const name = (at: number, text: string): void => {
    for (let i = 0; i < 4; i++) header[at + i] = text.charCodeAt(i);
  };
  name(0, "RIFF");
  view.setUint32(4, dataBytes + HEADER_BYTES - 8, true);
  name(8, "WAVE");
  name(12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  name(36, "data");
  view.setUint32(40, dataBytes, true);
  return header;
}
