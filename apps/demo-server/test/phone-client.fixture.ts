import { createHmac } from "node:crypto";
import { decodeMulaw, encodeMulaw } from "@roomkit/codec-mulaw";
import WebSocket from "ws";
import { Microphone, Speaker } from "./speaker.fixture.ts";

const RATE = 8_000;

export interface PhoneAccount {
  readonly authToken: string;
  /** What the provider knows the server by. */
  readonly publicUrl: string;
}

/** A telephone provider with one call: asks where to stream to, streams, returns marks when they have been played. */
export class PhoneClient {
  readonly speaker = new Speaker(RATE);
  /** G.711 as it went out and came in. */
  readonly sent: Buffer[] = [];
  readonly received: Buffer[] = [];
  /** What a telephone cannot understand. */
  readonly strange: unknown[] = [];
  clears = 0;
  marksReturned = 0;
  closed: { readonly code: number } | undefined;
  readonly #socket: WebSocket;
  readonly #streamSid: string;
  #microphone: Microphone | undefined;
  #sequence = 0;

  private constructor(socket: WebSocket, streamSid: string) {
    this.#socket = socket;
    this.#streamSid = streamSid;
    socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    socket.on("error", () => {});
    socket.on("close", (code) => {
      this.#microphone?.close();
      this.speaker.close();
      this.closed = { code };
    });
  }

  /** @param server where the server really listens. @throws Error for what is not answered with a stream. */
  static async call(
    server: string,
    { authToken, publicUrl }: PhoneAccount,
    { from, to, sid }: { readonly from: string; readonly to: string; readonly sid: string },
  ): Promise<PhoneClient> {
    const sign = (text: string): string => createHmac("sha1", authToken).update(text).digest("base64");
    const form = { AccountSid: "AC1", CallSid: `CA${sid}`, From: from, To: to };
    const target = "/voice/telephone/incoming";
    const signed = Object.entries(form).reduce((text, [name, value]) => text + name + value, publicUrl + target);
    const answer = await fetch(server + target, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { "x-twilio-signature": sign(signed) },
    });
    const twiml = await answer.text();
    const [, url = ""] = /<Stream url="([^"]*)"/.exec(twiml) ?? [];
    if (!url) throw new Error(`the call was not taken: ${answer.status} ${twiml}`);
    const customParameters = Object.fromEntries(
      [...twiml.matchAll(/<Parameter name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const address = url.replace(publicUrl.replace("http", "ws"), server.replace("http", "ws"));
    const socket = new WebSocket(address, { headers: { "x-twilio-signature": sign(url) } });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const client = new PhoneClient(socket, `MZ${sid}`);
    client.#say({ event: "connected", protocol: "Call", version: "1.0.0" });
    client.#start({
      accountSid: form.AccountSid,
      callSid: form.CallSid,
      streamSid: `MZ${sid}`,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: RATE, channels: 1 },
      customParameters,
    });
    return client;
  }

  /** @param samples at 8,000 Hz */
  say(samples: Int16Array): void {
    this.#microphone?.say(samples);
  }

  async hangUp(): Promise<void> {
    this.#say({ event: "stop", stop: { accountSid: "AC1" } });
    this.#socket.close();
  }

  #start(start: Record<string, unknown>): void {
    this.#say({ event: "start", start });
    this.#microphone = new Microphone(RATE, (samples, offset) => {
      const bytes = Buffer.from(encodeMulaw(samples));
      this.sent.push(bytes);
      const media = { track: "inbound", chunk: `${offset / 160 + 1}`, timestamp: `${offset / 8}` };
      this.#say({ event: "media", media: { ...media, payload: bytes.toString("base64") } });
    }).start();
  }

  #say(message: Record<string, unknown>): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(
      JSON.stringify({ ...message, sequenceNumber: `${++this.#sequence}`, streamSid: this.#streamSid }),
    );
  }

  #receive(message: Record<string, unknown>): void {
    const { event, media, mark } = message as {
      event?: string;
      media?: { payload: string };
      mark?: { name: string };
    };
    if (message.streamSid !== this.#streamSid) this.strange.push(message);
    else if (media) {
      const bytes = Buffer.from(media.payload, "base64");
      this.received.push(bytes);
      this.speaker.push(0, decodeMulaw(bytes));
    } else if (mark) {
      this.speaker.mark(() => {
        this.marksReturned++;
        this.#say({ event: "mark", mark });
      });
    } else if (event === "clear") {
      this.clears++;
      // Those that were waiting come back at once.
      for (const passed of this.speaker.clear()) passed();
    } else this.strange.push(message);
  }
}
