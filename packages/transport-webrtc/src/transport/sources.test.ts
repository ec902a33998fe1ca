import { opus } from "@roomkit/codec-opus";
import { afterEach, describe, expect, it } from "vitest";
import { RtpHeader } from "werift";
import { acceptAll, type Started, start } from "../harness.fixture.ts";
import { internals } from "../hostile/hostile.fixture.ts";
import { sine, until } from "../testing.fixture.ts";

describe("RTP sources", () => {
  let started: Started | undefined;
  afterEach(() => started?.stop());

  it("hears each of four sources at once, whatever they count from, and what is no audio between", async () => {
    started = await start();
    const { transport, client } = started;
    const app = acceptAll(transport);
    const caller = await client().connect();
    await until(() => app.connections.length === 1 && caller.channel?.readyState === "open", "the client");
    const encoder = await opus().createEncoder({ sampleRate: 48_000 });
    const packets = Array.from({ length: 10 }, () => encoder.encode(sine(48_000, 440, 20)) as Uint8Array);
    const { dtls } = internals(caller);
    for (let source = 0; source < 4; source++) {
      const heard = app.frames.length;
      for (const [i, payload] of packets.entries()) {
        const header = (sequence: number, payloadType = 111): RtpHeader =>
          new RtpHeader({
            payloadType,
            sequenceNumber: sequence & 0xffff,
            timestamp: (4_000_000_000 - source * 900_000_000 + i * 960) >>> 0,
            ssrc: 5_000 + source,
          });
        const first = 30_000 - source * 9_000 + i * 2;
        await dtls.sendRtp(Buffer.from(payload), header(first));
        await dtls.sendRtp(Buffer.of(60), header(first + 1, 13));
      }
      await until(() => app.frames.length >= heard + packets.length, `source ${source}`);
    }
    await until(() => transport.statsOf(app.connections[0]?.id ?? "")?.audio?.received === 40, "the counters");
    expect(transport.statsOf(app.connections[0]?.id ?? "")?.audio).toMatchObject({ lost: 0, late: 0, concealedMs: 0 });
    encoder.close();
  });
});
