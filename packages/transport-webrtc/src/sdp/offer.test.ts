import { RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { chromeOffer } from "./chrome-offer.fixture.ts";
import { parseOffer } from "./offer.ts";

const all = (): boolean => true;

function refusal(sdp: unknown): string | undefined {
  try {
    parseOffer(sdp as string, all, 20);
  } catch (error) {
    return RoomKitError.is(error) ? error.code : `threw ${String(error)}`;
  }
  return undefined;
}

const edit = (from: string | RegExp, to: string): string => {
  expect(chromeOffer).toMatch(from);
  return chromeOffer.replace(from, to);
};

describe("parseOffer", () => {
  it("reads what Chromium sends", () => {
    const offer = parseOffer(chromeOffer, all, 20);
    expect(offer.media).toEqual(["audio", "data"]);
    expect(offer.audio?.direction).toBe("sendrecv");
    expect(offer.audio?.codecs.slice(0, 2)).toEqual([
      { payloadType: 111, name: "opus", clockRate: 48_000, channels: 2, parameters: "minptime=10;useinbandfec=1" },
      { payloadType: 63, name: "red", clockRate: 48_000, channels: 2, parameters: "111/111" },
    ]);
    expect(offer.audio?.codecs.find((c) => c.name === "pcmu")?.payloadType).toBe(0);
    expect(offer.data).toEqual({ mid: "1", sctpPort: 5000, maxMessageSize: 262_144 });
    expect(offer.setup).toBe("actpass");
    expect(offer.fingerprints[0]?.algorithm).toBe("sha-256");
    expect(offer.ice.usernameFragment).toBe("k4xY");
    // The host name and the TCP candidate are of no use here.
    expect(offer.candidates.map((c) => `${c.address} ${c.port} ${c.type}`)).toEqual([
      "192.168.1.20 51234 host",
      "203.0.113.9 51234 srflx",
    ]);
  });

  it("hands on nothing it has not read: what it writes is the same offer, and reads as such", () => {
    const sdp = chromeOffer.replace("a=rtcp-mux", "a=x-unheard-of:1\r\na=rtcp-mux");
    const offer = parseOffer(sdp, all, 20);
    expect(offer.sdp).not.toContain("unheard");
    expect(offer.sdp).not.toContain("candidate");
    const { candidates: _, sdp: __, ...facts } = offer;
    const { candidates: ___, sdp: again, ...same } = parseOffer(offer.sdp, all, 20);
    expect(same).toEqual(facts);
    expect(again).toBe(offer.sdp);
  });

  it("takes offers with only a data channel, or only audio", () => {
    const [session = "", audio = "", data = ""] = chromeOffer.split(/(?=m=)/);
    const alone = session.replace(/a=group.*\r\n/, "");
    expect(parseOffer(alone + data, all, 20).media).toEqual(["data"]);
    expect(parseOffer(alone + audio, all, 20).media).toEqual(["audio"]);
  });

  it("knows codecs by their payload type alone where RFC 3551 defines them", () => {
    const offer = parseOffer(edit(/a=rtpmap:0 .*\r\n/, ""), all, 20);
    expect(offer.audio?.codecs.find((c) => c.payloadType === 0)?.name).toBe("pcmu");
  });

  it("takes no more candidates than it may, and none twice", () => {
    const line = (port: number): string => `a=candidate:1 1 udp 1 192.168.1.20 ${port} typ host\r\n`;
    const many = (port: (i: number) => number): string => Array.from({ length: 50 }, (_, i) => line(port(i))).join("");
    const taken = (lines: string): number => parseOffer(edit(/a=candidate:1.*\r\n/, lines), all, 20).candidates.length;
    expect(taken(many((i) => 50_000 + i))).toBe(20);
    expect(taken(many(() => 50_000))).toBe(2);
  });

  it.each([
    ["nothing", ""],
    ["v=0 alone", "v=0"],
    ["random text", "hello there"],
    ["a number", 7],
    ["undefined", undefined],
    ["no media", chromeOffer.split("m=")[0]],
    ["no fingerprint", edit(/a=fingerprint.*\r\n/g, "")],
    [
      "only a sha-1 fingerprint",
      edit(/a=fingerprint:sha-256 .*\r\n/g, `a=fingerprint:sha-1 ${"AA:".repeat(19)}AA\r\n`),
    ],
    ["a short fingerprint", edit(/a=fingerprint:sha-256 AB:/g, "a=fingerprint:sha-256 ")],
    ["no ufrag", edit(/a=ice-ufrag.*\r\n/g, "")],
    ["a short password", edit(/a=ice-pwd:.*\r\n/g, "a=ice-pwd:short\r\n")],
    ["setup holdconn", edit(/a=setup:actpass/g, "a=setup:holdconn")],
    ["no setup", edit(/a=setup:actpass\r\n/g, "")],
    ["one mid twice", edit("a=mid:1", "a=mid:0")],
    ["a strange mid", edit("a=mid:1", "a=mid:a b<script>")],
    ["a payload type of 128", edit("SAVPF 111", "SAVPF 128")],
    ["a payload type twice", edit("SAVPF 111", "SAVPF 111 111")],
    ["no line at all of SDP", edit("s=-", "\u0000\u0001")],
  ])("refuses %s", (_, sdp) => {
    expect(refusal(sdp)).toBe("invalid_sdp");
  });

  it.each([
    ["more than 32 KiB", `${chromeOffer}${"a=x:1\r\n".repeat(6_000)}`],
    ["more than 1,000 lines", `${chromeOffer}${"a=x:1\r\n".repeat(980)}`],
    ["seventeen media sections", chromeOffer + chromeOffer.slice(chromeOffer.indexOf("m=application")).repeat(15)],
    ["300 media sections", `v=0\r\n${"m=a\r\n".repeat(150)}`],
    ["a long line", `${chromeOffer}a=${"A".repeat(3_000)}\r\n`],
    ["a megabyte", `v=0\r\n${"A".repeat(1_000_000)}`],
  ])("refuses %s by size, before it reads on", (_, sdp) => {
    expect(refusal(sdp)).toBe("sdp_too_large");
  });
});
