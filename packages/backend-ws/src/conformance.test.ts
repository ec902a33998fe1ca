import { decodeMulaw, encodeMulaw, mulaw } from "@roomkit/codec-mulaw";
import { silentLogger } from "@roomkit/core";
import { decodeAudioFrame, defaultLimits, encodeAudioFrame } from "@roomkit/protocol";
import { type BackendHarness, backendConformance, VirtualClock } from "@roomkit/testing";
import { authContext } from "@roomkit/transport-utils";
import { describe, it } from "vitest";
import { WebSocketBackend } from "./backend.ts";
import { FakeSocket } from "./socket/fake-socket.fixture.ts";

type Dialect = "compat" | "v1" | "phone";

const RATE = { compat: 48_000, v1: 16_000, phone: 8_000 } as const;

const startOf = (dialect: Dialect, number: number): Record<string, unknown> => {
  if (dialect === "phone") return { event: "start", start: { streamSid: `MZ${number}` }, streamSid: `MZ${number}` };
  const start = { event: "start", websocket_id: `client-${number}` };
  if (dialect === "compat") return start;
  return { ...start, protocol: 1, audio: { send: { codec: "pcm16", sampleRate: RATE.v1 } } };
};

/** Sockets without a network, whose client speaks one dialect. */
function open(dialect: Dialect): BackendHarness {
  const clock = new VirtualClock();
  const backend = new WebSocketBackend({ codec: mulaw(), clock, logger: silentLogger, resumeMs: 1_000 });
  let clients = 0;
  return {
    backend,
    async client({ session, metadata }) {
      const socket = new FakeSocket();
      backend.acceptSocket(socket, {
        ...(metadata && { metadata }),
        ...(session && { sessionFactory: () => session() }),
      });
      const number = ++clients;
      socket.say(startOf(dialect, number));
      await clock.advance(0);
      // The server's close is answered, as a browser does.
      const close = socket.close.bind(socket);
      socket.close = (code, reason) => {
        close(code, reason);
        socket.gone(code ?? 1005);
      };
      if (socket.closed) socket.gone(1000);
      const speech = new Int16Array((RATE[dialect] * 20) / 1000).fill(4_000);
      let frames = 0;
      const say = (): void => {
        const offset = frames++ * speech.length;
        if (dialect === "v1") {
          const audio = new Uint8Array(speech.slice().buffer);
          const frame = encodeAudioFrame({ utterance: 0, offset, end: false, audio });
          socket.say(frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.byteLength));
          return;
        }
        const payload = Buffer.from(encodeMulaw(speech)).toString("base64");
        const media = { payload, timestamp: `${frames * 20}`, chunk: `${frames}`, track: "inbound" };
        socket.say({
          event: "media",
          media,
          ...(dialect === "phone" && { streamSid: `MZ${number}`, sequenceNumber: `${frames}` }),
        });
      };
      const texts = (): Record<string, unknown>[] =>
        socket.sent.filter((each) => typeof each === "string").map((each) => JSON.parse(each));
      return {
        speak(count) {
          for (let i = 0; i < count; i++) say();
        },
        get heardMs() {
          const rate = dialect === "phone" ? 8_000 : 24_000;
          let samples = 0;
          for (const each of socket.sent) {
            if (typeof each === "string") continue;
            const result = decodeAudioFrame(each, defaultLimits);
            if (result.ok) samples += result.frame.audio.length / 2;
          }
          for (const { event, media } of texts())
            if (event === "media")
              samples += decodeMulaw(Buffer.from((media as { payload: string }).payload, "base64")).length;
          return (samples / rate) * 1000;
        },
        get told() {
          return texts();
        },
        get closed() {
          return socket.readyState !== 1;
        },
        leave() {
          if (dialect === "phone") socket.say({ event: "stop", stop: {}, streamSid: `MZ${number}` });
          else socket.gone(1000);
        },
        vanish: () => socket.gone(1006),
      };
    },
    pass: () => clock.advance(5),
    skip: (ms) => clock.advance(ms),
    held: () => ({ ...backend.counts, ...backend.held, timers: clock.pendingTimers }),
    auth: () => authContext.get(),
    close: () => {},
  };
}

describe.each(["compat", "v1", "phone"] as const)("WebSocketBackend with %s clients", (dialect) => {
  const suite = backendConformance({ open: () => open(dialect), messages: dialect !== "phone", timeoutMs: 3_000 });
  for (const { name, run } of suite) it(name, run, 20_000);
});
