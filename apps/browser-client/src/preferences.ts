import { useCallback, useEffect, useLayoutEffect, useState } from "react";
import { defaultSettings, readSettings, type Settings, writeSettings } from "./model/settings.ts";

const KEY = "roomkit.settings";

/** The settings, and what changes some of them. */
export interface SettingsProps {
  readonly settings: Settings;
  change(part: Partial<Settings>): void;
}

/** The settings, kept in this browser. A browser that keeps nothing (private mode, policy) still works. */
export function useKeptSettings(): SettingsProps {
  const [defaults] = useState(() => defaultSettings(location.pathname));
  const [settings, set] = useState(() => readSettings(kept(), defaults));
  const { theme } = settings;
  useEffect(() => {
    try {
      localStorage.setItem(KEY, writeSettings(settings, defaults));
    } catch {
      // Not allowed to keep anything.
    }
  }, [settings, defaults]);
  useLayoutEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const change = useCallback((part: Partial<Settings>) => set((now) => ({ ...now, ...part })), []);
  return { settings, change };
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
