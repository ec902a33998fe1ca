import type { AudioDevice } from "@roomkit/client";
import { useDevices, useVoiceCall } from "@roomkit/react";
import { type FormEvent, type JSX, type MouseEvent, useCallback, useEffect, useRef } from "react";
import type { Desk } from "../call/desk.ts";
import { rates, type Settings, transports } from "../model/settings.ts";
import type { SettingsProps } from "../preferences.ts";
import { Choice, Field, type Option, Switch } from "./fields.tsx";
import { Icon } from "./icons.tsx";
import { ServedBy } from "./served-by.tsx";
import { StageSwitches } from "./sound-path.tsx";

interface TokenProps {
  readonly token: string;
  onToken(token: string): void;
}

interface TransportProps {
  /** A call that is on goes on over the other one. */
  onTransport(transport: Settings["transport"]): void;
}

interface SettingsDialogProps extends SettingsProps, TokenProps, TransportProps {
  readonly desk: Desk;
  readonly open: boolean;
  onClose(): void;
}

export function SettingsDialog({ desk, open, onClose, ...rest }: SettingsDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  // A press outside the dialog's box lands on the dialog itself.
  const onPress = (event: MouseEvent): void => {
    if (event.target === dialog.current) onClose();
  };
  // That it is closed is told later than what closes it, and by then it may be asked for again.
  const onClosed = (): void => {
    if (dialog.current?.open === false) onClose();
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    onClose();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      className="settings"
      aria-labelledby="settings-title"
      onCancel={onClose}
      onClose={onClosed}
      onClick={onPress}
    >
      <form onSubmit={onSubmit}>
        <header>
          <h2 id="settings-title">Settings</h2>
          <button type="submit" className="quiet" aria-label="Close settings">
            <Icon name="close" />
          </button>
        </header>
        <SoundSettings {...rest} />
        <StageSwitches desk={desk} />
        <TransportSettings {...rest} />
        <ServerSettings {...rest} />
        {open && <ServedBy server={rest.settings.server} token={rest.token} />}
      </form>
    </dialog>
  );
}

function SoundSettings({ settings, change }: SettingsProps): JSX.Element {
  const { microphone, speaker, echoCancellation, noiseSuppression, autoGainControl } = settings;
  const { inputs, outputs, selectInput, selectOutput } = useDevices();
  const options = (devices: readonly AudioDevice[], what: string, chosen: string): Option[] => {
    // Before the microphone has been allowed once, none has an id.
    const own = devices.filter(({ id }) => id !== "" && id !== "default");
    const gone = chosen !== "" && !own.some(({ id }) => id === chosen);
    return [
      { value: "", label: "System default" },
      ...(gone ? [{ value: chosen, label: "Not connected" }] : []),
      ...own.map(({ id, label }, i) => ({ value: id, label: label || `${what} ${i + 1}` })),
    ];
  };
  const microphones = options(inputs, "Microphone", microphone);
  const speakers = options(outputs, "Speaker", speaker);
  return (
    <fieldset>
      <legend>Sound</legend>
      <Choice
        label="Microphone"
        value={microphone}
        options={microphones}
        hint={microphones.length === 1 ? "Your devices appear here once a call has used the microphone." : undefined}
        onChange={(id) => {
          change({ microphone: id });
          void selectInput(id);
        }}
      />
      {speakers.length > 1 && (
        <Choice
          label="Speaker"
          value={speaker}
          options={speakers}
          onChange={(id) => {
            change({ speaker: id });
            void selectOutput(id);
          }}
        />
      )}
      <div className="switches">
        <Switch label="Cancel echo" checked={echoCancellation} onChange={(on) => change({ echoCancellation: on })} />
        <Switch label="Suppress noise" checked={noiseSuppression} onChange={(on) => change({ noiseSuppression: on })} />
        <Switch label="Even out volume" checked={autoGainControl} onChange={(on) => change({ autoGainControl: on })} />
      </div>
    </fieldset>
  );
}

/** May be changed while a call is on: it goes on over the other one. */
function TransportSettings({ settings, change, onTransport }: SettingsProps & TransportProps): JSX.Element {
  const { transport } = settings;
  return (
    <fieldset>
      <legend>Connection</legend>
      <Choice
        label="Transport"
        value={transport}
        options={transports.map(({ id, name }) => ({ value: id, label: name }))}
        hint={transports.find(({ id }) => id === transport)?.hint}
        onChange={(value) => {
          const chosen = value as Settings["transport"];
          change({ transport: chosen });
          onTransport(chosen);
        }}
      />
    </fieldset>
  );
}

function ServerSettings({ settings, change, token, onToken }: SettingsProps & TokenProps): JSX.Element {
  const { active } = useVoiceCall();
  const { server, codec, sendSampleRate, receiveSampleRate } = settings;
  const onServer = useCallback((value: string) => change({ server: value.trim() || "/voice" }), [change]);
  const hertz = rates.map((rate) => ({ value: String(rate), label: `${rate / 1_000} kHz` }));
  return (
    <fieldset disabled={active}>
      <legend>Server</legend>
      {active && <p className="hint">These take effect with the next call; end this one to change them.</p>}
      <Field
        label="Address or path"
        value={server}
        placeholder="/voice"
        hint="Where the server takes calls. On the demo: /voice, or /rtc-realtime for speech to speech."
        onChange={onServer}
      />
      <Field
        label="Access token"
        secret
        value={token}
        hint="Only if the server asks for one. Forgotten when you leave this page."
        onChange={onToken}
      />
      <Choice
        label="Codec"
        value={codec}
        options={[
          { value: "pcm16", label: "PCM, 16 bit" },
          { value: "mulaw", label: "G.711 mu-law: half the traffic" },
        ]}
        onChange={(value) => change({ codec: value as Settings["codec"] })}
      />
      <div className="pair">
        <Choice
          label="Send at"
          value={String(sendSampleRate)}
          options={hertz}
          onChange={(value) => change({ sendSampleRate: Number(value) })}
        />
        <Choice
          label="Receive at"
          value={String(receiveSampleRate)}
          options={hertz}
          onChange={(value) => change({ receiveSampleRate: Number(value) })}
        />
      </div>
    </fieldset>
  );
}
