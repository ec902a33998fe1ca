import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSignalRequest } from "./signal.ts";

describe("offer and candidate bodies", () => {
  it("reads the seed's offer", () => {
    expect(parseSignalRequest(JSON.stringify({ sdp: "v=0\r\n", type: "offer", webrtc_id: "abc" }))).toEqual({
      ok: true,
      message: { type: "offer", sdp: "v=0\r\n", webrtc_id: "abc" },
    });
  });

  it("reads a candidate as browsers write it, and the end of candidates", () => {
    const candidate = {
      candidate: "candidate:1 1 udp 1 10.0.0.1 5000 typ host",
      sdpMid: "0",
      sdpMLineIndex: 0,
      usernameFragment: "x",
    };
    expect(parseSignalRequest(JSON.stringify({ candidate, webrtc_id: "abc", type: "ice-candidate" }))).toEqual({
      ok: true,
      message: {
        type: "ice-candidate",
        webrtc_id: "abc",
        candidate: { candidate: candidate.candidate, sdpMid: "0", sdpMLineIndex: 0 },
      },
    });
    const end = {
      candidate: { candidate: "", sdpMid: null, sdpMLineIndex: null },
      webrtc_id: "abc",
      type: "ice-candidate",
    };
    expect(parseSignalRequest(JSON.stringify(end))).toEqual({
      ok: true,
      message: { type: "ice-candidate", webrtc_id: "abc", candidate: { candidate: "" } },
    });
  });

  it.each([
    ["null", { candidate: null }],
    ["nothing", {}],
    ["no text", { candidate: "" }],
    ["an empty object", { candidate: {} }],
    ["empty text", { candidate: { candidate: "" } }],
    ["null for text", { candidate: { candidate: null, sdpMid: null } }],
    ["SDP's words", { candidate: { candidate: "a=end-of-candidates" } }],
    ["SDP's words alone", { candidate: "end-of-candidates\r\n" }],
  ])("takes %s for the end of candidates", (_, body) => {
    expect(parseSignalRequest(JSON.stringify({ ...body, webrtc_id: "abc", type: "ice-candidate" }))).toEqual({
      ok: true,
      message: { type: "ice-candidate", webrtc_id: "abc", candidate: { candidate: "" } },
    });
  });

  it("reads what v1 adds", () => {
    const offer = {
      sdp: "",
      type: "offer",
      webrtc_id: "a",
      protocol: 1,
      resume: "tok",
      audio: { send: { codec: "mulaw", sampleRate: 8_000 } },
    };
    expect(parseSignalRequest(JSON.stringify(offer))).toEqual({ ok: true, message: offer });
  });

  it.each([
    [
      "too large a body",
      JSON.stringify({ sdp: "A".repeat(70_000), type: "offer", webrtc_id: "a" }),
      "message_too_large",
    ],
    ["too long an SDP", JSON.stringify({ sdp: "A".repeat(40_000), type: "offer", webrtc_id: "a" }), "bad_message"],
    ["no SDP", JSON.stringify({ type: "offer", webrtc_id: "a" }), "bad_message"],
    ["an SDP that is a number", JSON.stringify({ sdp: 5, type: "offer", webrtc_id: "a" }), "bad_message"],
    ["no id", JSON.stringify({ sdp: "", type: "offer" }), "bad_id"],
    ["an answer", JSON.stringify({ sdp: "", type: "answer", webrtc_id: "a" }), "unknown_event"],
    [
      "a candidate that is text",
      JSON.stringify({ candidate: "x", type: "ice-candidate", webrtc_id: "a" }),
      "bad_message",
    ],
    [
      "an m-line that is not a number",
      '{"candidate":{"candidate":"","sdpMLineIndex":"0"},"type":"ice-candidate","webrtc_id":"a"}',
      "bad_message",
    ],
  ])("refuses %s", (_what, text, code) => {
    expect(parseSignalRequest(text)).toMatchObject({ ok: false, code });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((x) => `{"type":"offer","sdp":${x}}`),
        ),
        (text) => void parseSignalRequest(text),
      ),
    );
  });
});
