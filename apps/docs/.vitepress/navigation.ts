import { packages } from "../../../tools/docs/markdown.ts";

/** What stands in the sidebar. Every page of the site is here, which a test checks. */
interface Section {
  readonly text: string;
  readonly pages: readonly { readonly text: string; readonly link: string }[];
}

const section = (text: string, folder: string, pages: Readonly<Record<string, string>>): Section => ({
  text,
  pages: Object.entries(pages).map(([name, title]) => ({ text: title, link: `/${folder}/${name}` })),
});

/** Packages in the order of reading; one that is not named here stands at the end of the group of its kind. */
const groups = [
  {
    text: "Conversations",
    named: [
      "roomkit",
      "core",
      "call",
      "channel-voice",
      "channel-ai",
      "channel-realtime",
      "channel-operator",
      "tools",
      "tools-mcp",
    ],
    kinds: ["create", "channel", "tools"],
  },
  {
    text: "Reaching people",
    named: ["backend-ws", "transport-webrtc", "webrtc-engine-werift", "client", "react", "playground", "protocol"],
    kinds: ["backend", "transport", "webrtc", "client"],
  },
  {
    text: "Sound",
    named: [
      "pipeline",
      "presets",
      "vad-energy",
      "vad-silero",
      "turn-heuristic",
      "turn-smart",
      "echo-guard",
      "aec-webrtc",
    ],
    kinds: ["vad", "turn", "echo", "aec", "denoiser", "agc", "dtmf", "recorder", "stage", "codec", "diarization"],
  },
  {
    text: "Providers",
    named: ["provider-moonshine", "provider-flite", "provider-offline", "provider-deepgram", "provider-elevenlabs"],
    kinds: ["provider", "fallback", "worker", "onnx"],
  },
  { text: "Several processes", named: [], kinds: ["store", "bus"] },
  {
    text: "Operation",
    named: ["operations", "inspector", "telemetry", "metrics-prometheus"],
    kinds: ["operations", "inspector", "telemetry", "metrics"],
  },
  { text: "Testing", named: ["testing", "replay", "provider-standins"], kinds: [] },
];
const named = groups.flatMap((group) => group.named);

export const packageGroups: readonly { readonly text: string; readonly packages: readonly string[] }[] = groups.map(
  ({ text, named: first, kinds }) => ({
    text,
    packages: [
      ...first,
      ...packages.filter((name) => !named.includes(name) && kinds.includes(name.split("-")[0] ?? "")),
    ],
  }),
);

export const sections: readonly Section[] = [
  section("Start", "start", {
    "": "Install and first call",
    "what-happened": "What just happened",
    "your-own": "Your own model and voice",
    compose: "Compose it yourself",
  }),
  section("Concepts", "concepts", {
    rooms: "Rooms and channels",
    calls: "Calls",
    turns: "Turns",
    heard: "What was heard",
    interruptions: "Who decides an interruption",
    hooks: "Hooks and events",
  }),
  section("Guides", "guides", {
    "": "All guides",
    "hello-world": "Hello world",
    "deepgram-claude-elevenlabs": "Deepgram, Claude, ElevenLabs",
    "openai-realtime": "OpenAI Realtime",
    "gemini-live": "Gemini Live",
    twilio: "A telephone number",
    "phone-menu": "A phone menu",
    tools: "Tools",
    consent: "Redaction and consent",
    recording: "Recording",
    handoff: "Handoff between assistants",
    supervisor: "A supervisor",
    operator: "A person takes over by text",
    express: "Express",
    hono: "Hono",
    fastify: "Fastify",
    next: "Next.js",
    react: "React",
    "plain-page": "A page without the SDK",
    "scale-out": "Several processes",
  }),
  section("Transports and networks", "transports", {
    "": "Which transport",
    websocket: "WebSocket",
    webrtc: "WebRTC",
    telephone: "Telephone",
    networks: "NAT, TURN and firewalls",
    proxies: "Proxies, TLS and Docker",
    browser: "The browser side",
  }),
  section("Pipeline", "pipeline", {
    "": "The audio path",
    presets: "Presets",
    vad: "Finding speech",
    echo: "Echo",
    noise: "Noise and loudness",
    cost: "What it costs",
  }),
  section("Providers", "providers", {
    "": "Which provider",
    recognisers: "Recognisers",
    models: "Language models",
    voices: "Voices",
    realtime: "Speech to speech",
    local: "On your own machine",
    fallback: "When a vendor fails",
    "your-own": "Write your own",
  }),
  section("Operations", "operations", {
    deploy: "Deploy",
    limits: "Limits",
    "close-codes": "Close codes",
    logs: "Logs and metrics",
    health: "Health and shutdown",
    inspector: "Watching calls",
    capacity: "Capacity",
  }),
  section("Security", "security", {
    access: "Who may call",
    privacy: "Secrets and transcripts",
    faults: "Faults and abuse",
  }),
  section("Testing", "testing", {
    lab: "The caller lab",
    fakes: "Fakes and conformance",
    replay: "Replay a call",
  }),
  {
    text: "Reference",
    pages: [
      { text: "Packages", link: "/reference/" },
      ...packageGroups.flatMap((group) => group.packages.map((name) => ({ text: name, link: `/reference/${name}/` }))),
      { text: "Wire format", link: "/reference/wire-format" },
      { text: "Architecture", link: "/reference/architecture" },
      { text: "Measured", link: "/reference/measured" },
      { text: "Benchmarks", link: "/reference/benchmarks" },
      { text: "Threats", link: "/reference/threats" },
      { text: "Contributing", link: "/reference/contributing" },
    ],
  },
];
