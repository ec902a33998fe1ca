/** So long after a press what is under the pointer must do what it did, ms. */
const STEADY_MS = 400;
/** A hand that presses twice moves no further than this, px. */
const NEAR_PX = 24;

/**
 * Who presses twice means one thing: where "Start call" was may be "End" by the time of the second press. What controls do is
 * in `data-does`; a press that would do another thing than the one just before it at the same place is let fall, and so
 * are the presses of a key that is held down. Returns what stops that.
 */
export function keepSteady(): () => void {
  let last: MouseEvent | undefined;
  let did = "";
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal };
  addEventListener(
    "click",
    (event) => {
      // Not by a hand.
      if (!event.isTrusted) return;
      const does = controlOf(event)?.dataset.does;
      const again = last && isNear(event, last);
      if (again && does && does !== did) {
        event.preventDefault();
        event.stopPropagation();
      }
      last = event;
      did = (again && did) || does || "";
    },
    options,
  );
  addEventListener(
    "keydown",
    (event) => {
      if (event.repeat && /^(Enter| )$/.test(event.key) && controlOf(event)) event.preventDefault();
    },
    options,
  );
  return () => stop.abort();
}

const controlOf = ({ target }: Event): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>("[data-does]") : null;

/** The system calls it a double click, or it is as fast as one; by a key, which has no place and counts 0, on the same control. */
function isNear(event: MouseEvent, last: MouseEvent): boolean {
  const soon = event.timeStamp - last.timeStamp < STEADY_MS;
  if (event.detail === 0) return soon && event.target === last.target;
  return (event.detail > 1 || soon) && Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < NEAR_PX;
}
