import { useVoiceCall, VoiceCall } from "@roomkit/react";
import { type JSX, useEffect, useRef, useState } from "react";
import { AttendingContext, useAttended } from "../call/attending.ts";
import { useDesk } from "../call/desk.ts";
import { useNotices } from "../call/notices.ts";
import { clientOptions } from "../client-options.ts";
import { type SettingsProps, useKeptSettings } from "../preferences.ts";
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

export function App({ token: given }: { readonly token: string }): JSX.Element {
  const { settings, change } = useKeptSettings();
  const [token, setToken] = useState(given);
  return (
    <VoiceCall {...clientOptions(settings, token.trim())}>
      <Page settings={settings} change={change} token={token} onToken={setToken} />
    </VoiceCall>
  );
}

interface PageProps extends SettingsProps {
  readonly token: string;
  onToken(token: string): void;
}

function Page({ settings, change, token, onToken }: PageProps): JSX.Element {
  const { muted, mute, unmute, interrupt, end } = useVoiceCall();
  const desk = useDesk();
  const attending = useAttended();
  const changeTransport = useNotices();
  const [settingsOpen, setSettingsOpen] = useState(false);
  const textBox = useRef<HTMLInputElement>(null);
  useEffect(
    () =>
      onShortcut({
        mute: muted ? unmute : mute,
        interrupt,
        end: () => void end(),
        write: () => textBox.current?.focus(),
      }),
    [muted, mute, unmute, interrupt, end],
  );
  return (
    <AttendingContext value={attending}>
      <div className="page">
        <a className="skip" href="#transcript">
          Skip to the conversation
        </a>
        <aside className="panel" aria-label="Call">
          <Header settings={settings} change={change} onSettings={() => setSettingsOpen(true)} />
          <Stage />
          <Duet />
          <Controls />
          <Recorder desk={desk} server={settings.server} />
          <SoundPath desk={desk} />
          <Details settings={settings} />
        </aside>
        <main className="sheet">
          <SilencedBanner />
          <ProblemBanner />
          <Conversation />
          <Composer textBox={textBox} />
        </main>
        <SettingsDialog
          settings={settings}
          change={change}
          token={token}
          onToken={onToken}
          desk={desk}
          open={settingsOpen}
          onClose={() => setSettingsOpen(false)}
          onTransport={changeTransport}
        />
      </div>
    </AttendingContext>
  );
}
