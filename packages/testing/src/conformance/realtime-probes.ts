import type { RealtimeSession } from "@roomkit/core";

/** Everything one can say to a session that asks for nothing. */
export function disturb(session: RealtimeSession): void {
  session.interrupt();
  session.truncate("no such item", 100);
  session.submitToolResult("no such call", "nobody asked");
  session.sendText("");
  session.activityEnd();
  session.interrupt();
}

/** A signal that knows who listens to it. */
export function countedSignal(): { readonly signal: AbortSignal; readonly listeners: () => number } {
  const { signal } = new AbortController();
  const listening = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener: (
      type: "abort",
      listener: () => void,
      options?: Parameters<AbortSignal["addEventListener"]>[2],
    ) => {
      listening.add(listener);
      add(type, listener, options);
    },
    removeEventListener: (type: "abort", listener: () => void) => {
      listening.delete(listener);
      remove(type, listener);
    },
  });
  return { signal, listeners: () => listening.size };
}
