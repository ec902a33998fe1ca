import { describe, expect, it } from "vitest";
import { senderReport } from "./client.fixture.ts";
import { Reception, reportRequest, senderReports } from "./rtcp.ts";

const from = { ssrc: 77, time: 0x01020304 };

function received(...sequences: number[]): Reception {
  const reception = new Reception(sequences[0] ?? 0);
  for (const sequence of sequences) reception.add(sequence);
  return reception;
}

const facts = (report: Buffer): object => ({
  fraction: report[12],
  lost: report.readIntBE(13, 3),
  highest: report.readUInt32BE(16),
});

describe("Reception", () => {
  it("reports what is lost, altogether and since the last report", () => {
    const reception = received(10, 11, 13, 12, 15, 17);
    expect(facts(reception.report(1, from))).toEqual({ fraction: 64, lost: 2, highest: 17 });
    expect(facts(reception.report(1, from))).toEqual({ fraction: 0, lost: 2, highest: 17 });
    reception.add(18);
    expect(facts(reception.report(1, from))).toEqual({ fraction: 0, lost: 2, highest: 18 });
  });

  it("goes on beyond 16 bits", () => {
    const reception = received(65_534, 65_535, 0, 2);
    expect(facts(reception.report(1, from))).toEqual({ fraction: 51, lost: 1, highest: 65_538 });
  });

  it("begins anew with a source that does, and counts no duplicate as lost", () => {
    const reception = received(10, 11, 30_000, 30_001, 30_001);
    expect(facts(reception.report(1, from))).toEqual({ fraction: 0, lost: -1, highest: 30_001 });
  });

  it("writes a receiver report that tells of the sender report", () => {
    const report = received(1).report(5, from);
    expect([...report.subarray(0, 4)]).toEqual([0x81, 201, 0, 7]);
    expect([report.readUInt32BE(4), report.readUInt32BE(8), report.readUInt32BE(24)]).toEqual([5, 77, from.time]);
  });
});

describe("RTCP", () => {
  it("finds the sender reports of a compound packet", () => {
    const empty = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 9]);
    expect(senderReports(Buffer.concat([empty, senderReport(77, from.time), empty]))).toEqual([from]);
  });

  it("takes nothing from what is malformed", () => {
    const report = senderReport();
    for (const data of [
      Buffer.alloc(0),
      Buffer.from([0x80, 200]),
      report.subarray(0, 20),
      Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 9]),
      Buffer.concat([Buffer.from([0x80, 201, 0xff, 0xff]), report]),
    ])
      expect(senderReports(data)).toEqual([]);
  });

  it("asks for a sender report behind an empty receiver report", () => {
    const request = reportRequest(5, 77);
    expect([...request.subarray(0, 8)]).toEqual([0x80, 201, 0, 1, 0, 0, 0, 5]);
    expect([...request.subarray(8)]).toEqual([0x85, 205, 0, 2, 0, 0, 0, 5, 0, 0, 0, 77]);
  });
});
