import { describe, expect, it } from "vitest";
import { ReceiverReport, ReceiverReports } from "./receiver-report.ts";

function run(
  lost: (n: number) => boolean,
  count: number,
  options: { first?: number; jitterMs?: number } = {},
): Buffer[] {
  const { first = 100, jitterMs = 0 } = options;
  const reports: Buffer[] = [];
  const report = new ReceiverReport(0xabcd, first, 48_000, 0);
  for (let n = 0; n < count; n++) {
    if (lost(n)) continue;
    const now = n * 20 + (n % 2) * jitterMs;
    const out = report.receive((first + n) & 0xffff, (n * 960) >>> 0, now, 7);
    if (out) reports.push(out);
  }
  return reports;
}

describe("ReceiverReport", () => {
  it("reports every two and a half seconds", () => {
    const reports = run(() => false, 500);
    expect(reports.length).toBe(3);
    const [first] = reports as [Buffer];
    expect([...first.subarray(0, 4)]).toEqual([0x81, 201, 0, 7]);
    expect([first.readUInt32BE(4), first.readUInt32BE(8), first[12], first.readUIntBE(13, 3)]).toEqual([
      7, 0xabcd, 0, 0,
    ]);
    expect(first.readUInt32BE(16)).toBe(100 + 125);
  });

  it("tells the share lost since the last report, and all that was lost", () => {
    const reports = run((n) => n > 0 && n < 400 && n % 4 === 0, 700);
    const fractions = reports.map((r) => (r[12] as number) / 256);
    expect(fractions[0]).toBeCloseTo(0.25, 1);
    expect(fractions.at(-1)).toBe(0);
    expect(reports.at(-1)?.readUIntBE(13, 3)).toBe(99);
  });

  it("counts across the wrap", () => {
    const [report] = run(() => false, 200, { first: 65_500 });
    expect(report?.readUInt32BE(16)).toBe(65_500 + 125);
    expect(report?.readUIntBE(13, 3)).toBe(0);
  });

  it("counts no leap of a sender that began anew as lost", () => {
    const report = new ReceiverReport(1, 100, 48_000, 0);
    const reports: Buffer[] = [];
    for (let n = 0; n < 400; n++) {
      const out = report.receive(((n < 50 ? 100 : 20_000) + n) & 0xffff, n * 960, n * 20, 7);
      if (out) reports.push(out);
    }
    expect(reports.map((r) => [r[12], r.readUIntBE(13, 3)])).toEqual(reports.map(() => [0, 0]));
    expect(reports.length).toBe(3);
  });

  it("begins with each source, and forgets those long gone", () => {
    const reports = new ReceiverReports(7, 48_000);
    const packet = (ssrc: number, sequence: number, timestamp: number): Buffer => {
      const data = Buffer.alloc(12);
      data.writeUInt16BE(sequence, 2);
      data.writeUInt32BE(timestamp, 4);
      data.writeUInt32BE(ssrc, 8);
      return data;
    };
    for (let ssrc = 1; ssrc <= 1_000; ssrc++) reports.receive(packet(ssrc, 60_000 - ssrc, ssrc), ssrc);
    const sent = Array.from({ length: 200 }, (_, n) => reports.receive(packet(5_000, 3 + n, n * 960), 2_000 + n * 20));
    const [report] = sent.filter((r) => r !== undefined);
    expect([report?.readUInt32BE(8), report?.[12], report?.readUIntBE(13, 3)]).toEqual([5_000, 0, 0]);
    expect(reports.streams).toBeLessThan(100);
  });

  it("measures jitter in the codec's clock", () => {
    expect(run(() => false, 200)[0]?.readUInt32BE(20)).toBe(0);
    const jitter = run(() => false, 200, { jitterMs: 10 })[0]?.readUInt32BE(20) as number;
    expect(jitter / 48).toBeGreaterThan(8);
    expect(jitter / 48).toBeLessThan(11);
  });
});
