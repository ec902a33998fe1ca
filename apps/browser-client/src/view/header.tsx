import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Settings } from "../model/settings.ts";
import { Icon, type IconName } from "./icons.tsx";

const next = { auto: "light", light: "dark", dark: "auto" } as const;
const icons: Readonly<Record<Settings["theme"], IconName>> = { auto: "auto", light: "sun", dark: "moon" };

interface HeaderProps {
  readonly settings: Signal<Settings>;
  onSettings(): void;
}

export function Header({ settings, onSettings }: HeaderProps): JSX.Element {
  const { theme } = settings.value;
  const toggle = (): void => {
    settings.value = { ...settings.value, theme: next[theme] };
  };
  return (
    <header class="header">
      <p class="brand">
        <svg class="mark" viewBox="0 0 32 20" aria-hidden="true">
          <path class="you" d="M3 9V7M9 9V3M15 9V5M21 9V1.5M27 9V7" />
          <path class="bot" d="M3 13v1.5M9 13v3M15 13v5.5M21 13v2M27 13v3.5" />
        </svg>
        RoomKit
      </p>
      <button
        type="button"
        class="quiet"
        onClick={toggle}
        aria-label={`Theme: ${theme}. Change to ${next[theme]}`}
        title={`Theme: ${theme}`}
      >
        <Icon name={icons[theme]} />
      </button>
      <button type="button" class="quiet" onClick={onSettings} aria-label="Settings" title="Settings">
        <Icon name="gear" />
      </button>
    </header>
  );
}
