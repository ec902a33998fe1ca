import { expect, it } from "vitest";
import { readStats } from "./read-stats.ts";

type Entry = Readonly<Record<string, string | number | boolean>>;
const report = (...entries: Entry[]): Map<unknown, Entry> => new Map(entries.map((entry) => [entry.id, entry]));

const local = { id: "L", type: "local-candidate", candidateType: "host", protocol: "udp" };
const remote = { id: "R", type: "remote-candidate", candidateType: "prflx", protocol: "udp" };
const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", state: "succeeded" };

it("reads what Chromium reports", () => {
  expect(
    readStats(
      report(
        { ...pair, id: "other", localCandidateId: "x", nominated: true },
        { id: "T", type: "transport", selectedCandidatePairId: "P" },
        { ...pair, currentRoundTripTime: 0.012 },
        local,
        remote,
        {
          id: "I",
          type: "inbound-rtp",
          kind: "audio",
          jitter: 0.004,
          packetsReceived: 500,
          packetsLost: 3,
          concealedSamples: 4_000,
          silentConcealedSamples: 1_000,
          jitterBufferDelay: 48,
          jitterBufferEmittedCount: 960,
        },
        { id: "O", type: "outbound-rtp", kind: "audio", packetsSent: 700 },
        { id: "RI", type: "remote-inbound-rtp", kind: "audio", packetsLost: 2, roundTripTime: 0.5 },
      ),
    ),
  ).toEqual({
    roundTripMs: 12,
    jitterMs: 4,
    jitterBufferMs: 50,
    receivedPackets: 500,
    lostPackets: 3,
    concealedSamples: 3_000,
    sentFrames: 700,
    lostFrames: 2,
    candidatePair: { local: "host", remote: "prflx", protocol: "udp" },
  });
});

it("finds the pair that Firefox marks, and its round trip where the receiver reports it", () => {
  const stats = readStats(
    report({ ...pair, id: "other", localCandidateId: "x" }, { ...pair, selected: true }, local, remote, {
      id: "RI",
      type: "remote-inbound-rtp",
      kind: "audio",
      roundTripTime: 0.03,
    }),
  );
  expect(stats).toEqual({ roundTripMs: 30, candidatePair: { local: "host", remote: "prflx", protocol: "udp" } });
});

it("tells how a relay is reached", () => {
  const relay = { ...local, candidateType: "relay", relayProtocol: "TLS" };
  expect(readStats(report({ ...pair, nominated: true }, relay, remote)).candidatePair).toEqual({
    local: "relay",
    remote: "prflx",
    protocol: "tls",
  });
});

it("leaves out what there is not, and never makes up a number", () => {
  expect(readStats(report())).toEqual({});
  const odd = {
    id: "I",
    type: "inbound-rtp",
    jitter: Number.NaN,
    packetsLost: "3",
    jitterBufferEmittedCount: 0,
    jitterBufferDelay: 0,
  };
  expect(readStats(report({ ...pair, nominated: true }, odd))).toEqual({});
  expect(readStats(report({ id: "V", type: "inbound-rtp", kind: "video", packetsReceived: 9 }))).toEqual({});
});
