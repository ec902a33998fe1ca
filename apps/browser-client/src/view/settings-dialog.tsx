import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { CallStore } from "../call-store.ts";
import { rates, type Settings, transports } from "../model/settings.ts";
import { Choice, Field, Switch } from "./fields.tsx";
import { Icon } from "./icons.tsx";
import { ServedBy } from "./served-by.tsx";
import { StageSwitches } from "./sound-path.tsx";

interface SettingsDialogProps {
  readonly store: CallStore;
  readonly settings: Signal<Settings>;
  readonly token: Signal<string>;
  readonly open: Signal<boolean>;
}

export function SettingsDialog({ store, settings, token, open }: SettingsDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = open.value;
  useEffect(() => {
    if (shown && !dialog.current?.open) dialog.current?.showModal();
    if (!shown && dialog.current?.open) dialog.current.close();
  }, [shown]);
  const close = (): void => {
    open.value = false;
  };
  // A press outside the dialog's box lands on the dialog itself.
  const onPress = (event: MouseEvent): void => {
    if (event.target === dialog.current) close();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog ref={dialog} class="settings" aria-labelledby="settings-title" onClose={close} onClick={onPress}>
      <form method="dialog">
        <header>
          <h2 id="settings-title">Settings</h2>
          <button type="submit" class="quiet" aria-label="Close settings">
            <Icon name="close" />
          </button>
        </header>
        <SoundSettings store={store} settings={settings} />
        <StageSwitches desk={store.desk} />
        <TransportSettings store={store} settings={settings} />
        <ServerSettings store={store} settings={settings} token={token} />
        {shown && <ServedBy server={settings.value.server} token={token.value} />}
      </form>
    </dialog>
  );
}

type PartProps = Pick<SettingsDialogProps, "store" | "settings">;

function SoundSettings({ store, settings }: PartProps): JSX.Element {
  const { microphone, speaker, echoCancellation, noiseSuppression, autoGainControl } = settings.value;
  const { inputs, outputs } = store.devices.value;
  const set = (change: Partial<Settings>): void => {
    settings.value = { ...settings.value, ...change };
  };
  const options = (devices: readonly { readonly id: string; readonly label: string }[], what: string) => [
    { value: "", label: "System default" },
    ...devices
      .filter(({ id }) => id !== "" && id !== "default")
      .map(({ id, label }, i) => ({ value: id, label: label || `${what} ${i + 1}` })),
  ];
  return (
    <fieldset>
      <legend>Sound</legend>
      <Choice
        label="Microphone"
        value={microphone}
        options={options(inputs, "Microphone")}
        hint={inputs.length === 0 ? "Your devices appear here once a call has used the microphone." : undefined}
        onChange={(id) => {
          set({ microphone: id });
          void store.useMicrophone(id);
        }}
      />
      {outputs.length > 0 && (
        <Choice
          label="Speaker"
          value={speaker}
          options={options(outputs, "Speaker")}
          onChange={(id) => {
            set({ speaker: id });
            void store.useSpeaker(id);
          }}
        />
      )}
      <div class="switches">
        <Switch label="Cancel echo" checked={echoCancellation} onChange={(on) => set({ echoCancellation: on })} />
        <Switch label="Suppress noise" checked={noiseSuppression} onChange={(on) => set({ noiseSuppression: on })} />
        <Switch label="Even out volume" checked={autoGainControl} onChange={(on) => set({ autoGainControl: on })} />
      </div>
    </fieldset>
  );
}

/** May be changed while a call is on: it goes on over the other one. */
function TransportSettings({ store, settings }: PartProps): JSX.Element {
  const { transport } = settings.value;
  return (
    <fieldset>
      <legend>Connection</legend>
      <Choice
        label="Transport"
        value={transport}
        options={transports.map(({ id, name }) => ({ value: id, label: name }))}
        hint={transports.find(({ id }) => id === transport)?.hint}
        onChange={(value) => {
          settings.value = { ...settings.value, transport: value as Settings["transport"] };
          void store.reconnect();
        }}
      />
    </fieldset>
  );
}

function ServerSettings({ store, settings, token }: Omit<SettingsDialogProps, "open">): JSX.Element {
  const { server, codec, sendSampleRate, receiveSampleRate } = settings.value;
  const set = (change: Partial<Settings>): void => {
    settings.value = { ...settings.value, ...change };
  };
  const hertz = rates.map((rate) => ({ value: String(rate), label: `${rate / 1_000} kHz` }));
  return (
    <fieldset disabled={store.active.value}>
      <legend>Server</legend>
      {store.active.value && <p class="hint">These take effect with the next call; end this one to change them.</p>}
      <Field
        label="Address or path"
        value={server}
        placeholder="/voice"
        hint="Where the voice endpoints are mounted. On the demo: /voice, or /rtc-realtime for speech to speech."
        onChange={(value) => set({ server: value.trim() || "/voice" })}
      />
      <Field
        label="Access token"
        secret
        value={token.value}
        hint="Only if the server asks for one. Forgotten when you leave this page."
        onChange={(value) => {
          token.value = value;
        }}
      />
      <Choice
        label="Codec"
        value={codec}
        options={[
          { value: "pcm16", label: "PCM, 16 bit" },
          { value: "mulaw", label: "G.711 mu-law: half the traffic" },
        ]}
        onChange={(value) => set({ codec: value as Settings["codec"] })}
      />
      <div class="pair">
        <Choice
          label="Send at"
          value={String(sendSampleRate)}
          options={hertz}
          onChange={(value) => set({ sendSampleRate: Number(value) })}
        />
        <Choice
          label="Receive at"
          value={String(receiveSampleRate)}
          options={hertz}
          onChange={(value) => set({ receiveSampleRate: Number(value) })}
        />
      </div>
    </fieldset>
  );
}
