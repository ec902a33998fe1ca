import type { CandidatePair, TransportStats } from "../transport.ts";

/** One entry of a report; which fields there are depends on its type and on the browser. */
type Entry = Readonly<Record<string, string | number | boolean | undefined>>;

/** Picks what matters from what `RTCPeerConnection.getStats()` gives (W3C webrtc-stats). */
export function readStats(report: { forEach(visit: (entry: Entry) => void): void }): TransportStats {
  const entries = new Map<unknown, Entry>();
  report.forEach((entry) => {
    entries.set(entry.id, entry);
  });
  const all = [...entries.values()];
  const find = (type: string): Entry | undefined =>
    all.find((entry) => entry.type === type && (entry.kind ?? "audio") === "audio");
  const received = find("inbound-rtp");
  const sent = find("outbound-rtp");
  const reported = find("remote-inbound-rtp");
  // Firefox has no entry for the transport, and marks the pair instead.
  const pair =
    entries.get(find("transport")?.selectedCandidatePairId) ??
    all.find(
      ({ type, selected, nominated, state }) =>
        type === "candidate-pair" && (selected || (nominated && state === "succeeded")),
    );
  const candidatePair = pair && describePair(entries.get(pair.localCandidateId), entries.get(pair.remoteCandidateId));
  const emitted = number(received, "jitterBufferEmittedCount");
  return defined({
    roundTripMs: times(number(pair, "currentRoundTripTime") ?? number(reported, "roundTripTime"), 1_000),
    jitterMs: times(number(received, "jitter"), 1_000),
    jitterBufferMs: emitted ? times(number(received, "jitterBufferDelay"), 1_000 / emitted) : undefined,
    receivedPackets: number(received, "packetsReceived"),
    lostPackets: number(received, "packetsLost"),
    concealedSamples: concealed(received),
    sentFrames: number(sent, "packetsSent"),
    lostFrames: number(reported, "packetsLost"),
    candidatePair,
  });
}

/** Without the silence a browser makes up while nobody speaks and nothing is sent. */
function concealed(received: Entry | undefined): number | undefined {
  const all = number(received, "concealedSamples");
  return all === undefined ? undefined : all - (number(received, "silentConcealedSamples") ?? 0);
}

function describePair(local: Entry | undefined, remote: Entry | undefined): CandidatePair | undefined {
  if (typeof local?.candidateType !== "string" || typeof remote?.candidateType !== "string") return undefined;
  const protocol = local.relayProtocol ?? local.protocol;
  return {
    local: local.candidateType as RTCIceCandidateType,
    remote: remote.candidateType as RTCIceCandidateType,
    protocol: typeof protocol === "string" ? protocol.toLowerCase() : "udp",
  };
}

function number(entry: Entry | undefined, field: string): number | undefined {
  const value = entry?.[field];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function defined(fields: { readonly [K in keyof TransportStats]: TransportStats[K] | undefined }): TransportStats {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
