import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { CallStore } from "../call-store.ts";
import type { Settings } from "../model/settings.ts";
import { ProblemBanner, SilencedBanner } from "./banners.tsx";
import { Composer } from "./composer.tsx";
import { Controls } from "./controls.tsx";
import { Conversation } from "./conversation.tsx";
import { Details } from "./details.tsx";
import { Duet } from "./duet.tsx";
import { Header } from "./header.tsx";
import { onShortcut } from "./keyboard.ts";
import { Recorder } from "./recorder.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";
import { SoundPath } from "./sound-path.tsx";
import { Stage } from "./stage.tsx";
import { keepSteady } from "./steady.ts";

export interface AppProps {
  readonly store: CallStore;
  readonly settings: Signal<Settings>;
  readonly token: Signal<string>;
}

export function App({ store, settings, token }: AppProps): JSX.Element {
  const settingsOpen = useSignal(false);
  const textBox = useRef<HTMLInputElement>(null);
  useEffect(
    () =>
      onShortcut({
        mute: () => store.toggleMute(),
        interrupt: () => store.interrupt(),
        end: () => void store.end(),
        write: () => textBox.current?.focus(),
      }),
    [store],
  );
  useEffect(() => keepSteady(), []);
  return (
    <div class="page">
      <a class="skip" href="#say">
        Skip to the text box
      </a>
      <aside class="panel" aria-label="Call">
        <Header settings={settings} onSettings={() => (settingsOpen.value = true)} />
        <Stage store={store} />
        <Duet store={store} />
        <Controls store={store} />
        <Recorder store={store} settings={settings} />
        <SoundPath desk={store.desk} />
        <Details store={store} settings={settings} />
      </aside>
      <main class="sheet">
        <SilencedBanner store={store} />
        <ProblemBanner store={store} />
        <Conversation store={store} />
        <Composer store={store} textBox={textBox} />
      </main>
      <p class="unseen" aria-live="polite">
        {store.announcement}
      </p>
      <SettingsDialog store={store} settings={settings} token={token} open={settingsOpen} />
    </div>
  );
}
