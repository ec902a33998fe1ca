import { createHmac } from "node:crypto";
import { encodeBase64 } from "@roomkit/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { authContext, twilioAuth } from "../index.ts";
import { Client, type Rig, startRig, tone, until } from "../rig.fixture.ts";
import { streamTwiml } from "./twiml.ts";

const publicUrl = "https://voice.example";
const authToken = "12345";
let rig: Rig;
afterEach(async () => {
  await rig.close();
});

function sign(text: string, token = authToken): string {
  return createHmac("sha1", token).update(text).digest("base64");
}

const fields = { CallSid: "CA1", From: "+4912345", To: "+4954321", Called: "+4954321" };
const signedCall = `${publicUrl}/voice/telephone/incomingCallSidCA1Called+4954321From+4912345To+4954321`;

function call(signature: string, body: Record<string, string> = fields): Promise<Response> {
  return fetch(`${rig.http}/voice/telephone/incoming`, {
    method: "POST",
    body: new URLSearchParams(body),
    headers: { "x-twilio-signature": signature },
  });
}

describe("a telephone call", () => {
  it("is answered with where to stream to, and streamed", async () => {
    const seen: unknown[] = [];
    rig = await startRig({
      mount: { telephone: { publicUrl, auth: twilioAuth({ authToken, publicUrl }) } },
      factory: async (connect, id, { dialect }) => {
        seen.push([id, dialect, authContext.get()]);
        return connect();
      },
    });
    const answer = await call(sign(signedCall));
    expect(answer.headers.get("content-type")).toBe("text/xml");
    expect(await answer.text()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://voice.example/voice/telephone/handler">' +
        '<Parameter name="From" value="+4912345"/><Parameter name="To" value="+4954321"/><Parameter name="CallSid" value="CA1"/>' +
        "</Stream></Connect></Response>",
    );
    const url = `${rig.http.replace("http", "ws")}/voice/telephone/handler`;
    const client = await Client.open(url, {
      headers: { "x-twilio-signature": sign("wss://voice.example/voice/telephone/handler") },
    });
    client.say({ event: "connected", protocol: "Call", version: "1.0.0" });
    client.say({ event: "start", sequenceNumber: "1", start: { streamSid: "MZ1", callSid: "CA1" }, streamSid: "MZ1" });
    await until(() => rig.ready.length === 1);
    expect(seen).toEqual([["MZ1", "phone", { provider: "twilio" }]]);
    const { connection, heard } = rig.ready[0] as Rig["ready"][number];
    const payload = encodeBase64(new Uint8Array(160).fill(0x7f));
    client.say({
      event: "media",
      sequenceNumber: "2",
      media: { track: "inbound", chunk: "1", timestamp: "5", payload },
      streamSid: "MZ1",
    });
    await until(() => heard.length === 1);
    const progress: unknown[] = [];
    connection.onPlayback((each) => progress.push(each));
    connection.play("u", tone(8_000, 20));
    connection.endUtterance("u");
    await until(() => client.texts.length === 2);
    expect(JSON.parse(client.texts[0] as string)).toMatchObject({ event: "media", streamSid: "MZ1" });
    const mark = JSON.parse(client.texts[1] as string);
    expect(mark).toEqual({ event: "mark", streamSid: "MZ1", mark: { name: expect.any(String) } });
    connection.play("v", tone(8_000, 400));
    await until(() => client.of("mark").length === 2);
    client.say({ event: "mark", sequenceNumber: "4", streamSid: "MZ1", mark: { name: "somebody's" } });
    client.say({ ...client.of("mark").at(-1), sequenceNumber: "5" });
    await until(() => connection.playback === "reported");
    expect(progress.at(-1)).toEqual({ utterance: "v", playedMs: 200, confidence: "reported", done: false });
    connection.clear();
    await until(() => client.of("clear").length === 1);
    client.say({ event: "stop", sequenceNumber: "3", stop: { callSid: "CA1" }, streamSid: "MZ1" });
    await until(() => rig.ended.length === 1);
  });

  it("tells the session factory who calls, and what the application gave along", async () => {
    const calls: unknown[] = [];
    rig = await startRig({
      mount: {
        allowAnonymous: true,
        telephone: {
          publicUrl: `${publicUrl}/eu`,
          parameters: ({ query, form }) => ({
            tenant: query.get("tenant") ?? "",
            odd: `<"&'>\n\0${form.get("Called")}`,
            CallSid: undefined,
          }),
        },
      },
      factory: async (connect, _id, { call }) => {
        calls.push(call);
        return connect();
      },
    });
    const incoming = `${rig.http}/voice/telephone/incoming`;
    const answer = await fetch(`${incoming}?tenant=a%20b`, { method: "POST", body: new URLSearchParams(fields) });
    expect(await answer.text()).toContain(
      '<Stream url="wss://voice.example/eu/voice/telephone/handler"><Parameter name="From" value="+4912345"/>' +
        '<Parameter name="To" value="+4954321"/><Parameter name="tenant" value="a b"/>' +
        '<Parameter name="odd" value="&#60;&#34;&#38;&#39;&#62;&#10;\ufffd+4954321"/></Stream>',
    );
    const client = await Client.open(`${rig.http.replace("http", "ws")}/voice/telephone/handler`);
    const customParameters = { From: "+4912345", To: "+4954321", tenant: "a b", bad: 5, long: "x".repeat(500) };
    client.say({
      event: "start",
      start: { streamSid: "MZ1", callSid: "CA1", accountSid: "AC1", tracks: ["inbound"], customParameters },
      streamSid: "MZ1",
    });
    await until(() => rig.ready.length === 1);
    expect(calls).toEqual([
      {
        streamSid: "MZ1",
        callSid: "CA1",
        accountSid: "AC1",
        from: "+4912345",
        to: "+4954321",
        parameters: { From: "+4912345", To: "+4954321", tenant: "a b" },
      },
    ]);
    const plain = await Client.open(rig.url);
    plain.say({ event: "start", websocket_id: "w", start: { callSid: "CA1" } });
    await until(() => rig.ready.length === 2);
    expect(calls.at(-1)).toBeUndefined();
  });

  it.each([
    ["too long a parameter", () => ({ x: "y".repeat(500) })],
    ["one that is no text", () => ({ x: 5 }) as never],
    [
      "a failure",
      () => {
        throw new Error("made to fail");
      },
    ],
  ])("is not answered wrongly for %s of the application's", async (_what, parameters) => {
    rig = await startRig({ mount: { allowAnonymous: true, telephone: { publicUrl, parameters } } });
    const answer = await call("");
    expect([answer.status, await answer.json()]).toEqual([500, { error: "internal" }]);
  });

  it("that Twilio did not sign is refused, on both ways in", async () => {
    rig = await startRig({ mount: { telephone: { publicUrl, auth: twilioAuth({ authToken, publicUrl }) } } });
    expect((await call(sign(signedCall, "other"))).status).toBe(401);
    expect((await call("")).status).toBe(401);
    expect((await call(sign(signedCall), { ...fields, From: "+4999" })).status).toBe(401);
    expect((await call(sign(signedCall.replace("https", "http")))).status).toBe(401);
    const client = await Client.open(`${rig.http.replace("http", "ws")}/voice/telephone/handler`);
    await until(() => client.refused?.status === 401);
    expect((await fetch(`${rig.http}/voice/telephone/incoming`)).status).toBe(405);
    expect((await fetch(`${rig.http}/voice/telephone/handler`)).status).toBe(426);
  });

  it("counts with all others: a full server is busy", async () => {
    rig = await startRig({
      mount: { concurrencyLimit: 1, telephone: { publicUrl, auth: twilioAuth({ authToken, publicUrl }) } },
    });
    await Client.open(rig.url);
    await until(() => rig.backend.counts.sockets === 1);
    expect(await (await call(sign(signedCall))).text()).toContain('<Reject reason="busy"/>');
  });

  it("has no endpoints unless asked for", async () => {
    rig = await startRig();
    rig.server.on("request", (_request, response) => response.writeHead(404).end());
    expect((await call("")).status).toBe(404);
    const client = await Client.open(`${rig.http.replace("http", "ws")}/voice/telephone/handler`);
    await until(() => client.refused?.status === 404);
  });

  it("needs a public address that is one", async () => {
    rig = await startRig();
    expect(() => twilioAuth({ authToken: "", publicUrl })).toThrow("auth token");
    await expect(startRig({ mount: { telephone: { publicUrl: "https://voice.example/?x" } } })).rejects.toThrow(
      "publicUrl",
    );
    expect(streamTwiml('wss://a"&<b')).toContain('<Stream url="wss://a&#34;&#38;&#60;b"/>');
  });
});
