import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mountVoice, WebSocketBackend } from "@roomkit/backend-ws";
import { AIChannel } from "@roomkit/channel-ai";
import { VoiceChannel } from "@roomkit/channel-voice";
import { RoomKit, roomPerCaller, silentLogger, systemClock, type VoiceSession } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import {
  decodeAudioFrame,
  defaultLimits,
  encodeAudioFrame,
  parseServerMessage,
  pcm16ToSamples,
  type ServerMessage,
  samplesToPcm16,
} from "@roomkit/protocol";
import { ScriptedAI, ScriptedStt, ScriptedTts, tone } from "@roomkit/testing";
import { afterEach, expect, it } from "vitest";
import WebSocket from "ws";
import { OperatorChannel } from "./operator-channel.ts";
import { operatorSessions } from "./operator-sessions.ts";
import { loudness } from "./rig.fixture.ts";

const RATE = 16_000;
const RMS = 3_000;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function until(test: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!test()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Somebody who hums a tone all the time, on a socket. */
class Hummer {
  readonly messages: ServerMessage[] = [];
  readonly #socket: WebSocket;
  readonly #heard: Int16Array[] = [];
  #sent = 0;
  closed: string | undefined;

  constructor(url: string, hz: number, token?: string) {
    this.#socket = new WebSocket(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
    const spec = { codec: "pcm16", sampleRate: RATE } as const;
    this.#socket.on("open", () =>
      this.send({ event: "start", websocket_id: `hum-${hz}`, protocol: 1, audio: { send: spec, receive: spec } }),
    );
    const period = tone(RATE, 1_000, hz, RMS);
    let beganAt: number | undefined;
    const hum = setInterval(() => {
      if (!this.messages.some((message) => "event" in message && message.event === "ready")) return;
      beganAt ??= performance.now();
      // A machine that is busy sends late, and all of it.
      for (const due = ((performance.now() - beganAt) * RATE) / 1_000; this.#sent + 320 < due; this.#sent += 320) {
        const at = this.#sent % RATE;
        const audio = samplesToPcm16(period.slice(at, at + 320));
        this.#socket.send(encodeAudioFrame({ utterance: 0, offset: this.#sent, end: false, audio }));
      }
    }, 20);
    this.#socket.on("message", (data: Buffer, binary) => {
      if (binary) {
        const decoded = decodeAudioFrame(data, defaultLimits);
        const samples = decoded.ok ? pcm16ToSamples(new Uint8Array(decoded.frame.audio)) : undefined;
        if (samples) this.#heard.push(samples);
        return;
      }
      const parsed = parseServerMessage(data.toString());
      if (parsed.ok) this.messages.push(parsed.message);
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", (_code, reason) => {
      clearInterval(hum);
      this.closed = reason.toString();
    });
    stops.push(() => this.#socket.close());
  }

  send(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Forgets what was heard so far. */
  forget(): void {
    this.#heard.length = 0;
  }

  get heardMs(): number {
    return (this.#heard.reduce((sum, { length }) => sum + length, 0) / RATE) * 1_000;
  }

  /** How loud somebody is, in pieces of 100 ms, as a share of how loud they hum: the middle one of all, that a stall of the machine does not count. */
  share(hz: number): number {
    const all = new Int16Array(this.#heard.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#heard) {
      all.set(part, at);
      at += part.length;
    }
    const shares: number[] = [];
    for (let from = 0; from + RATE / 10 <= all.length; from += RATE / 10)
      shares.push(loudness(all.subarray(from, from + RATE / 10), RATE, hz) / (RMS * Math.SQRT2));
    return shares.sort((a, b) => a - b)[shares.length >> 1] ?? Number.NaN;
  }

  data(): unknown[] {
    return this.messages.flatMap((message) => ("type" in message && message.type === "data" ? [message.payload] : []));
  }
}

async function started() {
  const clock = systemClock;
  const kit = new RoomKit({ logger: silentLogger });
  const [backend, desk] = [0, 1].map(() => new WebSocketBackend({ logger: silentLogger }));
  if (!backend || !desk) throw new Error("two of them");
  const voice = new VoiceChannel("voice", {
    ...{ backend, stt: new ScriptedStt(clock, []), tts: new ScriptedTts(clock) },
    pipeline: audioPipeline({ logger: silentLogger }),
    turnDetection: "manual",
  });
  const operators = new OperatorChannel("operator", { backend: desk, calls: voice });
  for (const channel of [voice, new AIChannel("ai", { provider: new ScriptedAI(clock, []) }), operators])
    kit.registerChannel(channel);
  const server = createServer();
  mountVoice(server, backend, {
    allowAnonymous: true,
    sessionFactory: roomPerCaller(kit, { channels: ["voice", "ai"] }),
  });
  mountVoice(server, desk, {
    path: "/desk",
    auth: (request) => {
      const token = request.header("authorization");
      return token?.startsWith("Bearer secret-") ? { userId: token.slice("Bearer secret-".length) } : null;
    },
    sessionFactory: operatorSessions(kit, { channel: "operator", room: () => voice.sessions[0]?.roomId }),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    await kit.close();
    await Promise.all([backend.close(), desk.close()]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sessionOf = (participant: string): VoiceSession =>
    operators.sessions.find(({ participantId }) => participantId === participant) as VoiceSession;
  return { kit, voice, operators, url, sessionOf };
}

it("a caller and two operators on sockets: each hears all others and nobody themselves", async () => {
  const { voice, operators, url, sessionOf } = await started();
  const HZ = { caller: 400, ann: 900, bob: 1_500 } as const;
  const caller = new Hummer(`${url}/voice/websocket/offer`, HZ.caller);
  await until(() => voice.sessions.length === 1, "the call");
  const ann = new Hummer(`${url}/desk/websocket/offer`, HZ.ann, "secret-ann");
  const bob = new Hummer(`${url}/desk/websocket/offer`, HZ.bob, "secret-bob");
  await until(() => operators.sessions.length === 2, "the operators");
  const listen = async (...who: readonly Hummer[]): Promise<void> => {
    // What is on its way first.
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const each of who) each.forget();
    await until(() => who.every(({ heardMs }) => heardMs > 1_000), "a second of sound");
  };
  const shares = (of: Hummer) => Object.values(HZ).map((hz) => of.share(hz));
  const close = (...wanted: number[]) => wanted.map((share) => expect.closeTo(share, 1));

  await listen(ann, bob);
  expect([shares(ann), shares(bob), caller.heardMs]).toEqual([close(1, 0, 0), close(1, 0, 0), 0]);

  ann.send({ event: "data", name: "operator", payload: { mode: "talk" } });
  await until(() => operators.mode(sessionOf("ann").id) === "talk", "a take-over");
  await listen(caller, ann, bob);
  expect([shares(caller), shares(ann), shares(bob)]).toEqual([close(0, 1, 0), close(1, 0, 0), close(1, 1, 0)]);
  expect(bob.data().at(-1)).toMatchObject({ mode: "listen", talking: ["ann"] });

  operators.setMode(sessionOf("bob").id, "talk");
  await listen(caller, ann, bob);
  expect([shares(caller), shares(ann), shares(bob)]).toEqual([close(0, 1, 1), close(1, 0, 1), close(1, 1, 0)]);

  caller.send({ event: "stop" });
  await until(() => ann.closed !== undefined && bob.closed !== undefined, "the end for everybody");
  expect([ann.closed, bob.closed, operators.sessions]).toEqual(["call_ended", "call_ended", []]);
}, 120_000);

it("nobody attends without a credential, nor where there is no call", async () => {
  const { url, operators } = await started();
  const stranger = new Hummer(`${url}/desk/websocket/offer`, 400);
  const early = new Hummer(`${url}/desk/websocket/offer`, 400, "secret-ann");
  await until(() => stranger.closed !== undefined && early.closed !== undefined, "two refusals");
  expect([operators.sessions, early.closed]).toEqual([[], "no_call"]);
}, 60_000);
