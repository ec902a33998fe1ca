import { silentLogger } from "@roomkit/core";
import { webrtcEngineConformance } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { changeCandidates } from "./answer.ts";
import { nativeClient } from "./client.fixture.ts";
import { NodeDataChannelEngine } from "./engine.ts";
import { safe } from "./safe.ts";

describe("NodeDataChannelEngine as a WebRTC engine", () => {
  const open = (): NodeDataChannelEngine =>
    new NodeDataChannelEngine({ listenAddress: "127.0.0.1", logger: silentLogger });
  for (const { name, run } of webrtcEngineConformance({ open, client: nativeClient })) it(name, run, 40_000);
});

describe("NodeDataChannelEngine", () => {
  it("refuses options that cannot be", () => {
    for (const options of [
      { listenAddress: "example.com" },
      { announcedAddress: "example.com" },
      { port: 0 },
      { port: 5_000, portRange: [5_000, 6_000] as const },
      { portRange: [6_000, 5_000] as const },
    ]) {
      expect(() => new NodeDataChannelEngine(options)).toThrowError(
        expect.objectContaining({ code: "invalid_option" }),
      );
    }
  });
});

describe("changeCandidates", () => {
  const sdp = [
    "m=audio 9 x",
    "a=candidate:1 1 UDP 2114 192.0.2.2 5000 typ host",
    "a=candidate:2 1 UDP 2113 fd00::2 5000 typ host",
    "a=mid:0",
  ].join("\r\n");

  it("adds loopback at the same ports", () => {
    expect(changeCandidates(sdp, { loopback: true, announcedAddress: undefined })).toBe(
      sdp.replace(
        "typ host\r\na=candidate:2",
        "typ host\r\na=candidate:1l 1 udp 2114 127.0.0.1 5000 typ host\r\na=candidate:2",
      ),
    );
  });

  it("tells of one address only", () => {
    const changed = changeCandidates(sdp, { loopback: true, announcedAddress: "203.0.113.7" });
    expect(changed.match(/a=candidate.*/g)).toEqual(["a=candidate:1 1 udp 2114 203.0.113.7 5000 typ host"]);
  });

  it("changes nothing else", () => {
    expect(changeCandidates(sdp, { loopback: false, announcedAddress: undefined })).toBe(sdp);
  });
});

describe("safe", () => {
  it("lets nothing out, whoever throws", () => {
    const seen: unknown[] = [];
    safe(
      (error) => {
        seen.push(error);
        throw new Error("the logger");
      },
      () => {
        throw new Error("the listener");
      },
    )();
    expect(String(seen[0])).toContain("the listener");
  });
});
