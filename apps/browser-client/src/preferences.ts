import { effect, type Signal, signal } from "@preact/signals";
import { defaultSettings, readSettings, type Settings, writeSettings } from "./model/settings.ts";

const KEY = "roomkit.settings";

/** The settings, kept in this browser. A browser that keeps nothing (private mode, policy) still works. */
export function keptSettings(): Signal<Settings> {
  const defaults = defaultSettings(location.pathname);
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEY);
  } catch {
    // Not allowed to keep anything.
  }
  const settings = signal(readSettings(kept, defaults));
  effect(() => {
    const text = writeSettings(settings.value, defaults);
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // As above.
    }
  });
  effect(() => {
    const { theme } = settings.value;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
  return settings;
}
