type Immediate = (handler: () => void) => unknown;

/** Ends the current macrotask: everything already promised has run when the next one begins. */
function macrotask(): Promise<void> {
  // setImmediate where there is one (Node): a zero timeout costs a millisecond of real time there.
  const immediate = (globalThis as { setImmediate?: Immediate | undefined }).setImmediate;
  return new Promise((resolve) => {
    if (immediate) immediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/**
 * Lets everything that waits only for promises run on: all microtasks, and `turns` turns of the event loop for what hops
 * through it (streams, sockets on loopback). It waits for no timer and for no real time.
 *
 * @param turns event-loop turns to give away, >= 1; default 2.
 */
export async function settle(turns = 2): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await macrotask();
}
