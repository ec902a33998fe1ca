/**
 * Wraps what libdatachannel calls: an exception that gets back into it ends the process, and no handler can catch that. So
 * none gets back.
 */
export function safe<Args extends unknown[]>(
  report: (error: unknown) => void,
  callback: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      try {
        report(error);
      } catch {
        // A logger that throws must not end the process either.
      }
    }
  };
}
