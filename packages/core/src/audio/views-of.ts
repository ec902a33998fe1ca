/** An array that has views. */
type Viewed = Int16Array | Float32Array | Uint8Array;

/**
 * Gives views of one array. The last is kept for whoever asks for the same part again, as is nearly always done of audio in pieces of one
 * length: a new one each time is garbage, and costs more than to copy what it shows.
 */
export function viewsOf<T extends Viewed>(array: T): (from: number, to: number) => T {
  let last = array.subarray(0, 0) as T;
  let begin = 0;
  return (from, to) => {
    if (from === begin && to - from === last.length) return last;
    begin = from;
    last = array.subarray(from, to) as T;
    return last;
  };
}
