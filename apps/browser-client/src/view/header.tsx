import type { JSX } from "react";
import type { Settings } from "../model/settings.ts";
import type { SettingsProps } from "../preferences.ts";
import { Icon, type IconName } from "./icons.tsx";

const next = { auto: "light", light: "dark", dark: "auto" } as const;
const icons: Readonly<Record<Settings["theme"], IconName>> = { auto: "auto", light: "sun", dark: "moon" };

interface HeaderProps extends SettingsProps {
  onSettings(): void;
}

export function Header({ settings, change, onSettings }: HeaderProps): JSX.Element {
  const { theme } = settings;
  return (
    <header className="header">
      <p className="brand">
        <svg className="mark" viewBox="0 0 32 20" aria-hidden="true">
          <path className="you" d="M3 9V7M9 9V3M15 9V5M21 9V1.5M27 9V7" />
          <path className="bot" d="M3 13v1.5M9 13v3M15 13v5.5M21 13v2M27 13v3.5" />
        </svg>
        RoomKit
      </p>
      <button
        type="button"
        className="quiet"
        onClick={() => change({ theme: next[theme] })}
        aria-label={`Theme: ${theme}. Change to ${next[theme]}`}
        title={`Theme: ${theme}`}
      >
        <Icon name={icons[theme]} />
      </button>
      <button type="button" className="quiet" onClick={onSettings} aria-label="Settings" title="Settings">
        <Icon name="gear" />
      </button>
    </header>
  );
}
