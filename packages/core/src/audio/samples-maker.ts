/** So many pieces of audio are cut from one piece of memory. */
const PIECES_TOGETHER = 2;
/** Longer pieces have memory of their own. */
const MOST_TOGETHER = 4_096;

/**
 * Makes a stream's arrays: each is zero, nobody's before and of this stream alone, but several share memory, as an allocation for each 20 ms
 * costs more than the arithmetic on it.
 */
export function samplesMaker(): (length: number) => Int16Array {
  let memory = new Int16Array(0);
  let used = 0;
  return (length) => {
    if (length > MOST_TOGETHER) return new Int16Array(length);
    if (used + length > memory.length) {
      memory = new Int16Array(length * PIECES_TOGETHER);
      used = 0;
    }
    used += length;
    return memory.subarray(used - length, used);
  };
}
