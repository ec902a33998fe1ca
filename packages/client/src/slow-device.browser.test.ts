import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VoiceClient } from "./client.ts";
import type { VoiceClientOptions } from "./options.ts";
import { installSockets, ready, ScriptedSocket } from "./transport/scripted-socket.fixture.ts";
import type { TransportFactory } from "./transport/transport.ts";

let uninstall = (): void => {};
const ended: (() => unknown)[] = [];

beforeEach(() => {
  uninstall = installSockets();
});
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
  uninstall();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A microphone that is open and gives its first sample when the test says so. */
function slowMicrophone(): { start(): void } {
  const context = new AudioContext();
  const destination = context.createMediaStreamDestination();
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  oscillator.connect(destination);
  ended.push(() => context.close());
  vi.spyOn(navigator.mediaDevices, "getUserMedia").mockImplementation(async () => destination.stream);
  return { start: () => oscillator.start() };
}

/** Audio contexts that run when the test says so: a device that has to be woken. */
function slowContext(): { start(): void } {
  let start = (): void => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const Real = AudioContext;
  vi.stubGlobal(
    "AudioContext",
    class extends Real {
      constructor(options?: AudioContextOptions) {
        super(options);
        void super.suspend();
      }
      override async resume(): Promise<void> {
        await started;
        await super.resume();
      }
    },
  );
  return { start };
}

/** As WebRTC: the browser sends a stream. */
const streams: TransportFactory = () => ({
  name: "streams",
  media: "stream",
  connect: async () => ready,
  send: () => {},
  sendAudio: () => false,
  sendStream: async () => {},
  close: () => {},
});

interface Seen {
  readonly client: VoiceClient;
  readonly connected: Promise<void>;
  /** States and what the person is told, in their order. */
  readonly log: string[];
}

function call(options: Partial<VoiceClientOptions> = {}): Seen {
  const client = new VoiceClient({ url: "/voice", ...options });
  ended.push(() => client.disconnect());
  const log: string[] = [];
  client.on("state", ({ state }) => log.push(state));
  client.on("error", ({ code }) => log.push(code));
  client.on("autoplay-blocked", ({ blocked }) => log.push(`blocked ${blocked}`));
  return { client, log, connected: client.connect() };
}

/** Longer than anybody's patience with a context. */
const aWhile = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1_000));

describe.each<[string, () => { start(): void }]>([
  ["a microphone", slowMicrophone],
  ["an audio context", slowContext],
])("%s that takes its time", (_what, make) => {
  it.each<[string, Partial<VoiceClientOptions>]>([
    ["frames", {}],
    ["a stream", { transport: streams }],
  ])("is not said to listen before it does, over a transport of %s", async (_how, options) => {
    const device = make();
    const { log, connected } = call(options);
    await aWhile();
    expect(log).toEqual(["connecting"]);
    device.start();
    await connected;
    expect(log).toEqual(["connecting", "listening"]);
    if (options.transport) return;
    await vi.waitFor(() => expect(ScriptedSocket.last.audio.length).toBeGreaterThan(5), 10_000);
  });
});
