/** What the SDK wants to know of the page it runs in. */
export interface Page {
  /** Whether the device has a network, as far as the platform knows. */
  readonly online: boolean;
  /** Called when the network came or went, or the page became visible again: when a connection may have died unnoticed. */
  onChange(handler: () => void): () => void;
  /** Called when the person leaves the page. */
  onLeave(handler: () => void): () => void;
}

export const browserPage: Page = {
  get online() {
    return navigator.onLine;
  },
  onChange(handler) {
    const onVisibility = (): void => {
      if (document.visibilityState === "visible") handler();
    };
    addEventListener("online", handler);
    addEventListener("offline", handler);
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      removeEventListener("online", handler);
      removeEventListener("offline", handler);
      document.removeEventListener("visibilitychange", onVisibility);
    };
  },
  onLeave(handler) {
    addEventListener("pagehide", handler);
    return () => removeEventListener("pagehide", handler);
  },
};
