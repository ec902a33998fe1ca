/** What a caller may set. Kept in the browser, except the token. */
export interface Settings {
  /** Where the server's voice endpoints are: a path of this origin, or an address. */
  readonly server: string;
  readonly transport: "websocket" | "webrtc" | "auto";
  readonly codec: "pcm16" | "mulaw";
  /** Hz. */
  readonly sendSampleRate: number;
  /** Hz. */
  readonly receiveSampleRate: number;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
  /** Device id; empty: the system's. */
  readonly microphone: string;
  readonly speaker: string;
  readonly theme: "auto" | "light" | "dark";
}

/** What this page can connect with, and what people call it. */
export const transports: readonly {
  readonly id: Settings["transport"];
  readonly name: string;
  readonly hint: string;
}[] = [
  { id: "auto", name: "Automatic", hint: "WebRTC where the network lets it through, otherwise WebSocket." },
  { id: "webrtc", name: "WebRTC", hint: "Audio by UDP: the best over a bad network. Your browser codes and plays it." },
  {
    id: "websocket",
    name: "WebSocket",
    hint: "Audio by TCP: gets through everywhere, and says to the sample what you heard.",
  },
];

export const rates = [8_000, 16_000, 24_000, 48_000] as const;

/**
 * The mount a page talks to when nobody says otherwise: the one it is served from (`/voice/ui` belongs to `/voice`), or `/voice`.
 */
export function mountOf(pathname: string): string {
  const mount = /^(.*)\/ui(\/|\/index\.html)?$/.exec(pathname)?.[1];
  return mount === undefined ? "/voice" : mount || "/";
}

export function defaultSettings(pathname: string): Settings {
  return {
    server: mountOf(pathname),
    transport: "auto",
    codec: "pcm16",
    sendSampleRate: 16_000,
    receiveSampleRate: 24_000,
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    microphone: "",
    speaker: "",
    theme: "auto",
  };
}

const choices: { readonly [K in keyof Settings]?: readonly Settings[K][] } = {
  transport: transports.map(({ id }) => id),
  codec: ["pcm16", "mulaw"],
  sendSampleRate: rates,
  receiveSampleRate: rates,
  theme: ["auto", "light", "dark"],
};

/** Reads what was kept; whatever does not fit any more is the default. */
export function readSettings(kept: string | null, defaults: Settings): Settings {
  let fields: unknown;
  try {
    fields = JSON.parse(kept ?? "{}");
  } catch {
    return defaults;
  }
  if (typeof fields !== "object" || fields === null) return defaults;
  const result: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(fields)) {
    if (!Object.hasOwn(defaults, key)) continue;
    const allowed = choices[key as keyof Settings] as readonly unknown[] | undefined;
    const fits = allowed ? allowed.includes(value) : typeof value === typeof defaults[key as keyof Settings];
    if (fits) result[key] = value;
  }
  return result as unknown as Settings;
}

/** Only what differs from the defaults: a page that moves to another mount goes with its server. */
export function writeSettings(settings: Settings, defaults: Settings): string {
  const changed = Object.entries(settings).filter(([key, value]) => value !== defaults[key as keyof Settings]);
  return JSON.stringify(Object.fromEntries(changed));
}
