import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked, type ScratchProject } from "../../../tools/pack.ts";
import { chromeOffer } from "./sdp/chrome-offer.fixture.ts";

describe("the published package", () => {
  let project: ScratchProject;
  beforeAll(() => {
    const packages = [
      "core",
      "protocol",
      "transport-utils",
      "worker-pool",
      "codec-opus",
      "transport-webrtc",
      "webrtc-engine-werift",
    ];
    project = installPacked(packages, {
      werift: "webrtc-engine-werift",
      "libopus-wasm": "codec-opus",
      ws: "transport-webrtc",
    });
  }, 120_000);
  afterAll(() => project.remove());

  it("answers offers on a media worker, and ends", () => {
    const printed = project.run(`
      import { opus } from "@roomkit/codec-opus";
      import { WebRTCTransport } from "@roomkit/transport-webrtc";
      import { werift } from "@roomkit/webrtc-engine-werift";
      const transport = new WebRTCTransport({
        opus: opus(),
        workers: { count: 1 },
        engine: werift({ listenAddresses: ["127.0.0.1"] }),
        signalling: { allowAnonymous: true },
      });
      await transport.warmUp();
      const response = await transport.fetch(
        new Request("http://h/webrtc/offer", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ type: "offer", webrtc_id: "x", sdp: ${JSON.stringify(chromeOffer)} }),
        }),
        { address: "127.0.0.1" },
      );
      const { type, sdp } = await response.json();
      console.log(JSON.stringify([type, /^a=candidate/m.test(sdp), transport.load.map(({ calls }) => calls)]));
      await transport.close();
    `);
    expect(JSON.parse(printed)).toEqual(["answer", true, [1]]);
  });

  it("brings no test along", () => {
    expect(project.contents("transport-webrtc").filter((file) => /\.(test|fixture)\./.test(file))).toEqual([]);
    expect(project.contents("transport-webrtc")).toContain("dist/workers/thread.js");
  });
});
