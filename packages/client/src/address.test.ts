import { describe, expect, it } from "vitest";
import { VoiceClient } from "./client.ts";
import { VoiceClientError } from "./errors.ts";
import { makeBench } from "./session/fakes.fixture.ts";

const page = "https://example.com/demo/";

function refusal(url: unknown, baseUrl = page, transport: "websocket" | "webrtc" | "auto" = "websocket"): unknown {
  try {
    new VoiceClient({ url: url as string, transport, environment: { baseUrl } });
    return undefined;
  } catch (error) {
    return error instanceof VoiceClientError ? [error.code, error.retryable, error.hint] : error;
  }
}

describe("the address of a mount", () => {
  it.each([
    ["/voice", "https://example.com/voice"],
    ["/voice///", "https://example.com/voice"],
    ["voice", "https://example.com/demo/voice"],
    ["../voice/", "https://example.com/voice"],
    [".", "https://example.com/demo"],
    ["/", "https://example.com/"],
    ["//other.example/voice", "https://other.example/voice"],
    ["/voice/websocket/offer", "https://example.com/voice"],
    ["wss://other.example/a/voice/websocket/offer/?room=1#x", "https://other.example/a/voice?room=1"],
    ["https://other.example/voice/webrtc/offer", "https://other.example/voice"],
    ["WSS://Other.Example/voice//webrtc//offer//", "https://other.example/voice"],
    ["/voice/ui", "https://example.com/voice"],
    ["/voice/ui/?x=1", "https://example.com/voice?x=1"],
    ["/voice/ui/index.html", "https://example.com/voice"],
    ["/voice/config", "https://example.com/voice"],
    ["/voice/telephone/handler", "https://example.com/voice"],
    ["/websocket/offer", "https://example.com/"],
    ["/ui/", "https://example.com/"],
    // No endpoints, though they look a little like some.
    ["/voice/gui", "https://example.com/voice/gui"],
    ["/websocket", "https://example.com/websocket"],
    ["/my-websocket/offer", "https://example.com/my-websocket/offer"],
    ["/websocket/offer/voice", "https://example.com/websocket/offer/voice"],
    [" /voice ", "https://example.com/voice"],
    [new URL("https://other.example/voice/"), "https://other.example/voice"],
  ])("%s means %s", async (url, expected) => {
    const bench = makeBench({ url });
    await bench.client.connect();
    expect(bench.transport().context.url.href).toBe(expected);
  });

  it.each([
    [""],
    ["  "],
    [undefined],
    [null],
    [7],
    ["http://"],
    ["https://exa mple.com/voice"],
    ["ftp://example.com/voice"],
    ["file:///voice"],
    ["javascript:alert(1)"],
    ["htps://example.com"],
    ["https://user:password@example.com/voice"],
  ])("%j is none", (url) => {
    expect(refusal(url)).toMatchObject(["invalid_option", false, /address/]);
  });

  it("cannot be relative to a page without one", () => {
    expect(refusal("/voice", "about:blank")).toMatchObject(["invalid_option", false, /address/]);
    expect(refusal("https://example.com/voice", "about:blank")).toBeUndefined();
  });
});

describe("an unencrypted address", () => {
  it.each(["ws://other.example/voice", "http://other.example/voice", "ws://192.168.1.20:8000", "http://10.0.0.1/x"])(
    "is named as what it is, on a page that came encrypted: %s",
    (url) => {
      for (const transport of ["websocket", "webrtc", "auto"] as const) {
        expect(refusal(url, page, transport)).toMatchObject(["insecure_url", false, /wss:\/\//]);
      }
    },
  );

  it.each([
    ["ws://localhost:8000/voice", page],
    ["http://127.0.0.1:8000/voice", page],
    ["ws://[::1]:8000/voice", page],
    ["ws://voice.localhost/voice", page],
    ["wss://other.example/voice", page],
    ["ws://other.example/voice", "http://other.example/"],
    ["/voice", "http://localhost:3000/"],
  ])("is none: %s on %s", (url, base) => {
    expect(refusal(url, base)).toBeUndefined();
  });
});
