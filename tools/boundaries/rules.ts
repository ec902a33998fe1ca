/**
 * Who may import whom, as a table. A package's kind is the first word of its name; one that stands alone (`core`) is its own
 * kind. What a package needs from a sibling beyond this table is passed to it: `codec: mulaw()`.
 */
export interface Rule {
  /** The `@roomkit/` packages its sources may import. */
  readonly mayImport: readonly string[];
  /** What its sources may assume: every runtime, a browser, or Node. */
  readonly platform: "universal" | "browser" | "node";
  /** Whether it may depend on packages of others. */
  readonly thirdParty: boolean;
}

const rules: Readonly<Record<string, Rule>> = {
  core: { mayImport: [], platform: "universal", thirdParty: false },
  protocol: { mayImport: [], platform: "universal", thirdParty: false },

  // Not a leaf: what the channels that let a model act share.
  tools: { mayImport: ["core"], platform: "universal", thirdParty: true },
  // Tools of servers, which may be processes of this machine.
  "tools-mcp": { mayImport: ["core", "tools"], platform: "node", thirdParty: true },
  // One caller on one line: what the voices of rooms and the cascade share.
  call: { mayImport: ["core"], platform: "universal", thirdParty: false },
  channel: { mayImport: ["core", "call", "tools"], platform: "universal", thirdParty: true },
  // People in a call: a mixer, on the clock and at the rates of those it plays to.
  "channel-operator": {
    mayImport: ["core", "call", "pipeline", "transport-utils"],
    platform: "node",
    thirdParty: false,
  },
  pipeline: { mayImport: ["core"], platform: "universal", thirdParty: true },

  codec: { mayImport: ["core"], platform: "universal", thirdParty: true },
  resampler: { mayImport: ["core"], platform: "universal", thirdParty: true },
  dtmf: { mayImport: ["core"], platform: "universal", thirdParty: true },
  agc: { mayImport: ["core"], platform: "universal", thirdParty: true },
  echo: { mayImport: ["core"], platform: "universal", thirdParty: true },
  // Not a leaf: what runs the local models of others.
  onnx: { mayImport: ["core"], platform: "node", thirdParty: true },
  vad: { mayImport: ["core", "onnx"], platform: "node", thirdParty: true },
  denoiser: { mayImport: ["core"], platform: "node", thirdParty: true },
  aec: { mayImport: ["core"], platform: "node", thirdParty: true },
  diarization: { mayImport: ["core"], platform: "node", thirdParty: true },
  recorder: { mayImport: ["core"], platform: "node", thirdParty: true },
  turn: { mayImport: ["core"], platform: "node", thirdParty: true },
  // Stages done by threads.
  stage: { mayImport: ["core", "worker-pool"], platform: "node", thirdParty: false },
  // Not a leaf: a choice of stages. What is heavy or native is handed to it.
  presets: {
    mayImport: ["core", "pipeline", "vad-energy", "agc", "dtmf", "denoiser-rnnoise", "echo-guard"],
    platform: "universal",
    thirdParty: false,
  },

  // transport-utils is not a leaf: what the transports share (docs/decisions/0001-transport-utils.md).
  backend: { mayImport: ["core", "protocol", "transport-utils"], platform: "node", thirdParty: true },
  transport: { mayImport: ["core", "protocol", "transport-utils", "worker-pool"], platform: "node", thirdParty: true },
  // Engines of the WebRTC transport, handed to it.
  webrtc: { mayImport: ["core"], platform: "node", thirdParty: true },

  // Not a leaf: what providers that compute on the machine itself share, and media workers.
  worker: { mayImport: ["core"], platform: "node", thirdParty: false },
  provider: { mayImport: ["core", "onnx", "provider-utils", "worker-pool"], platform: "node", thirdParty: true },
  fallback: { mayImport: ["core"], platform: "universal", thirdParty: false },
  // What an operator of a server needs: health, an orderly end.
  operations: { mayImport: ["core"], platform: "node", thirdParty: false },
  store: { mayImport: ["core"], platform: "node", thirdParty: true },
  bus: { mayImport: ["core"], platform: "node", thirdParty: true },

  // Watch a kit from outside.
  telemetry: { mayImport: ["core"], platform: "universal", thirdParty: true },
  // What operators see of it in a browser.
  inspector: { mayImport: ["core", "playground", "transport-utils"], platform: "node", thirdParty: true },
  metrics: { mayImport: ["core"], platform: "node", thirdParty: true },

  client: { mayImport: ["protocol"], platform: "browser", thirdParty: true },
  react: { mayImport: ["client"], platform: "browser", thirdParty: true },
  playground: { mayImport: ["client"], platform: "node", thirdParty: true },
  testing: { mayImport: ["core"], platform: "node", thirdParty: true },
  // Whole calls again, from a file: the real stack on the clock of tests.
  replay: {
    mayImport: ["core", "call", "channel-ai", "channel-voice", "testing"],
    platform: "node",
    thirdParty: false,
  },
  // The whole stack that needs no key, put together for who begins. Nothing is built on it.
  roomkit: {
    mayImport: [
      ...["core", "backend-ws", "channel-ai", "channel-voice", "codec-mulaw", "pipeline", "playground", "presets"],
      ...["provider-flite", "provider-moonshine", "provider-offline", "tools", "turn-heuristic"],
    ],
    platform: "node",
    thirdParty: false,
  },
  // Writes projects; what those are made of is in its templates and its devDependencies, not in its sources.
  create: { mayImport: ["core"], platform: "node", thirdParty: true },
};

/** Packages that may import more than their kind. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // A speech-to-speech provider made of a recogniser, a model and a voice: the call of voice channels on a line of its own.
  "provider-cascade": ["call"],
  // A model that hears 16 kHz and computes beside the event loop.
  "turn-smart": ["onnx", "pipeline", "worker-pool"],
};

/** The rule of the package in `packages/<folder>`: its own, else that of its kind; undefined for a kind the table does not know. */
export function ruleFor(folder: string): Rule | undefined {
  const [kind = folder] = folder.split("-");
  const name = [folder, kind].find((each) => Object.hasOwn(rules, each));
  const rule = name === undefined ? undefined : rules[name];
  return rule && { ...rule, mayImport: [...rule.mayImport, ...(exceptions[folder] ?? [])] };
}

/** A published package mounts on any server, so it may bring none of these along (its tests may). */
export const webFrameworks: ReadonlySet<string> = new Set(
  "express fastify hono koa h3 hapi @hapi/hapi restify polka next nuxt elysia @nestjs/core @hono/node-server crossws".split(
    " ",
  ),
);

/** Longer sources are split by responsibility. Tests are exempt. */
export const maxLines = 350;
