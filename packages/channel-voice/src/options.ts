import { type CallOptions, type CallSettings, type DtmfMode, resolveCallOptions } from "@roomkit/call";
import { type DtmfTones, optionsWithin, type RoomEvent, type VoiceBackend } from "@roomkit/core";

export interface VoiceChannelOptions extends CallOptions {
  /** The transport callers come in by. */
  readonly backend: VoiceBackend;
  /** Voices by the channel that replies, e.g. one for each agent. */
  readonly voices?: Readonly<Record<string, string>> | undefined;
  /** Makes the tones of `sendDtmf`: `dtmfTones` of `@roomkit/dtmf`. */
  readonly dtmfTones?: DtmfTones | undefined;
  /**
   * How `sendDtmf` sends them: `rfc4733`, as events beside the audio, to clients that agreed to take them; `inband`, as tones of `dtmfTones`;
   * `auto`, as events where that can be, else as tones. Default `auto`.
   */
  readonly dtmfMode?: DtmfMode | undefined;
  /** Which events of the room are spoken. Default: those of assistants. `true`, at once, has one spoken. */
  readonly speaks?: ((event: RoomEvent) => boolean) | undefined;
  /** How long a client may be connected before its session is joined to a room. Default 30,000 ms. */
  readonly joinTimeoutMs?: number | undefined;
}

/** The options with every default filled in. */
export interface VoiceSettings extends Pick<VoiceChannelOptions, "backend" | "voices" | "turnDetector" | "dtmfTones"> {
  readonly dtmfMode: DtmfMode;
  readonly call: CallSettings;
  readonly speaks: (event: RoomEvent) => boolean;
  readonly joinTimeoutMs: number;
}

/** @throws RoomKitError `invalid_option` for a number out of its range. */
export function resolveOptions(options: VoiceChannelOptions): VoiceSettings {
  const {
    backend,
    voices,
    dtmfTones,
    dtmfMode = "auto",
    speaks = (event) => event.source.role === "assistant",
    joinTimeoutMs,
    ...call
  } = options;
  return {
    backend,
    voices,
    dtmfTones,
    dtmfMode,
    speaks,
    ...optionsWithin({ joinTimeoutMs }, { joinTimeoutMs: 30_000 }, { joinTimeoutMs: [0, 3_600_000] }),
    call: resolveCallOptions(call),
  };
}
