import { createHmac } from "node:crypto";
import type { ConnectionRequest } from "@roomkit/transport-utils";
import { describe, expect, it } from "vitest";
import { twilioAuth } from "./signature.ts";

const authToken = "12345";
const sign = (text: string | Buffer): string => createHmac("sha1", authToken).update(text).digest("base64");

function request(target: string, signature: string, more: Partial<ConnectionRequest> = {}): ConnectionRequest {
  const [path = "", query = ""] = target.split("?");
  const header = (name: string): string | undefined => (name === "x-twilio-signature" ? signature : undefined);
  const plain = { kind: "http", method: "POST", address: "", host: undefined } as const;
  return { ...plain, path, target, query: new URLSearchParams(query), header, ...more };
}

const accepts = async (publicUrl: string, asked: ConnectionRequest): Promise<boolean> =>
  (await twilioAuth({ authToken, publicUrl })(asked, { signal: new AbortController().signal })) !== null;

describe("Twilio's signature", () => {
  it.each([
    "",
    "?tenant=a%20b",
    "?name=O'Hara",
    "?flag",
    "?flag=",
    "?sip=sip:1@example.com",
    "?b=%7E%2A",
    "?b=~*()!",
    "?a=1+2",
    "?a=1&a=2&b=&a=1",
    "?z=1&a=2",
    "?n=Zo%C3%AB",
    "?n=%u00e9",
    "?p=100%",
    "?u=https://x.example/y?z",
    "?",
    "?&&",
    "?a=%2f%2F",
    "?a[]=1&a[b]=2",
  ])("covers the query %j as it came", async (query) => {
    const target = `/voice/telephone/incoming${query}`;
    const signature = sign(`https://voice.example${target}`);
    expect(await accepts("https://voice.example", request(target, signature))).toBe(true);
    expect(await accepts("https://voice.example", request(`${target}x`, signature))).toBe(false);
    expect(await accepts("https://voice.example", request(target, ""))).toBe(false);
  });

  it("covers bytes that are not ASCII, however a client sent them", async () => {
    const bytes = Buffer.from("/voice?n=Zoë");
    const signature = sign(Buffer.concat([Buffer.from("https://voice.example"), bytes]));
    expect(await accepts("https://voice.example", request(bytes.toString("latin1"), signature))).toBe(true);
  });

  it.each([
    // publicUrl, what was signed before the target, whether it counts
    ["https://voice.example", "https://voice.example", true],
    ["https://voice.example", "https://voice.example:443", true],
    ["https://voice.example:443", "https://voice.example", true],
    ["https://voice.example:443", "https://voice.example:443", true],
    ["https://voice.example:8443", "https://voice.example:8443", true],
    ["https://voice.example:8443", "https://voice.example", true],
    ["http://voice.example", "http://voice.example:80", true],
    ["https://Voice.Example", "https://voice.example", true],
    ["https://Voice.Example", "https://Voice.Example", true],
    ["https://voice.example/", "https://voice.example", true],
    ["https://voice.example/eu", "https://voice.example/eu", true],
    ["https://voice.example/eu/", "https://voice.example:443/eu", true],
    ["https://voice.example/eu", "https://voice.example", false],
    ["https://voice.example", "https://voice.example:80", false],
    ["https://voice.example", "http://voice.example", false],
    ["https://voice.example", "https://voice.example.evil", false],
  ])("with %s covers what %s was signed with: %s", async (publicUrl, front, expected) => {
    const target = "/voice/telephone/incoming?x=1";
    expect(await accepts(publicUrl, request(target, sign(front + target)))).toBe(expected);
  });

  it.each([
    ["https://voice.example", "wss://voice.example", true],
    ["https://voice.example", "wss://voice.example:443", true],
    ["https://voice.example", "https://voice.example", true],
    ["https://voice.example/eu", "wss://voice.example/eu", true],
    ["http://voice.example", "ws://voice.example", true],
    ["https://voice.example", "ws://voice.example", false],
  ])("of a stream, with %s, is of %s: %s", async (publicUrl, front, expected) => {
    const target = "/voice/telephone/handler";
    const asked = request(target, sign(front + target), { kind: "websocket", method: "GET" });
    expect(await accepts(publicUrl, asked)).toBe(expected);
  });

  it("covers the form: names in order, of a repeated one each value once and in order", async () => {
    const target = "/voice/telephone/incoming";
    const form = new URLSearchParams("b=2&MediaUrl=z&a=%2B49+1&MediaUrl=a&MediaUrl=z&B=&empty=&%C3%A9=x");

    const signed = `https://voice.example${target}BMediaUrlaMediaUrlza+49 1b2emptyéx`;
    expect(await accepts("https://voice.example", request(target, sign(signed), { form }))).toBe(true);
  });

  it.each([
    "voice.example",
    "ftp://voice.example",
    "https://",
    "https://u:p@voice.example",
    "https://a b",
    "https://voice.example?x",
    "https://voice.example/#x",
    "",
  ])("needs an address, which %j is not", (publicUrl) => {
    expect(() => twilioAuth({ authToken, publicUrl })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});
