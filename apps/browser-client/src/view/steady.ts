/** So long after a press what is under the pointer must do what it did, ms. */
const STEADY_MS = 400;
/** A hand that presses twice moves no further than this, px. */
const NEAR_PX = 24;

interface Press {
  readonly at: number;
  readonly x: number;
  readonly y: number;
  readonly does: string;
}

/**
 * Who presses twice means one thing: where "Start call" was may be "End" by the time of the second press. What controls do is
 * in `data-does`; a press that would do another thing than the one just before it at the same place is let fall, and so
 * are the presses of a key that is held down. Returns what stops that.
 */
export function keepSteady(): () => void {
  let last: Press | undefined;
  const onClick = (event: MouseEvent): void => {
    const does = event.target instanceof Element && event.target.closest<HTMLElement>("[data-does]")?.dataset.does;
    const again = last !== undefined && near(event, last);
    if (again && does && does !== last?.does) {
      event.preventDefault();
      event.stopPropagation();
    }
    const { timeStamp: at, clientX: x, clientY: y } = event;
    last = { at, x, y, does: (again && last?.does) || does || "" };
  };
  const onKey = (event: KeyboardEvent): void => {
    const pressable = event.target instanceof Element && event.target.closest("[data-does]");
    if (event.repeat && pressable && (event.key === "Enter" || event.key === " ")) event.preventDefault();
  };
  addEventListener("click", onClick, { capture: true });
  addEventListener("keydown", onKey, { capture: true });
  return () => {
    removeEventListener("click", onClick, { capture: true });
    removeEventListener("keydown", onKey, { capture: true });
  };
}

/** The system calls it a double click (keys have no place, and count 0), or it is as fast as one. */
function near({ detail, timeStamp, clientX, clientY }: MouseEvent, { at, x, y }: Press): boolean {
  return (detail > 1 || timeStamp - at < STEADY_MS) && Math.hypot(clientX - x, clientY - y) < NEAR_PX;
}
