import type { CandidatePair } from "@roomkit/client";
import { qualityNames, useConnection, useTranscript } from "@roomkit/react";
import type { JSX } from "react";
import type { Settings } from "../model/settings.ts";
import { formatMs, median } from "../model/waterfall.ts";

/** How the connection fares, folded away until somebody asks. */
export function Details({ settings }: { readonly settings: Settings }): JSX.Element {
  const { stats, quality, session, transport, fallback } = useConnection();
  const replies = useTranscript().flatMap((line) =>
    line.kind === "speech" && line.metrics?.replyMs ? [line.metrics.replyMs] : [],
  );
  const rtt = stats?.roundTripMs;
  const { codec, server } = settings;
  const onTrack = transport === "webrtc";
  const pair = stats?.candidatePair;
  const ms = (value: number | undefined): string => (value === undefined ? "–" : formatMs(value));
  const count = (value: number | undefined): string => value?.toLocaleString("en") ?? "–";
  return (
    <details className="details" data-quality={quality ?? "none"}>
      <summary>
        <span className="bars" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        {quality ? qualityNames[quality] : "Connection"}
        {quality && quality !== "lost" && rtt !== undefined && <span className="number"> · {formatMs(rtt)}</span>}
      </summary>
      <dl>
        <Fact name="Server" value={server} wide />
        <Fact name="Connection" value={transport ? describe(transport, codec) : "–"} wide />
        {fallback && <Fact name="No WebRTC because" value={fallback} wide />}
        {pair && <Fact name="Network path" value={path(pair)} wide />}
        <Fact name="Median reply" value={ms(median(replies))} />
        <Fact name="Round trip" value={ms(rtt)} />
        <Fact name="Jitter buffer" value={ms(stats?.jitterBufferMs)} />
        {onTrack ? (
          <>
            <Fact name="Jitter" value={ms(stats?.jitterMs)} />
            <Fact name="Packets received" value={count(stats?.receivedPackets)} />
            <Fact name="Packets lost" value={count(stats?.lostPackets)} />
          </>
        ) : (
          <>
            <Fact name="Waiting to play" value={ms(stats?.bufferedMs)} />
            <Fact name="Ran dry" value={count(stats?.underruns)} />
            <Fact
              name="Lost or late"
              value={count((stats?.concealedSamples ?? 0) + (stats?.droppedSamples ?? 0))}
              unit="samples"
            />
          </>
        )}
        <Fact name="Frames sent" value={count(stats?.sentFrames)} />
        {onTrack ? (
          <Fact name="Frames lost" value={count(stats?.lostFrames)} />
        ) : (
          <Fact name="Frames dropped" value={count(stats?.droppedFrames)} />
        )}
        <Fact name="Session" value={session ?? "–"} wide />
      </dl>
    </details>
  );
}

function describe(name: string, codec: Settings["codec"]): string {
  if (name === "webrtc") return "WebRTC";
  return name === "websocket" ? `WebSocket · ${codec}` : name;
}

const ends = {
  host: "direct",
  srflx: "through a NAT (srflx)",
  prflx: "through a NAT (prflx)",
  relay: "by a relay",
} as const;

/** `host` and `host` is the shortest path there is; a relay the longest. */
function path({ local, remote, protocol }: CandidatePair): string {
  return `${protocol.toUpperCase()} · you ${ends[local]} · server ${ends[remote]}`;
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string | undefined;
  readonly wide?: boolean | undefined;
}

function Fact({ name, value, unit, wide = false }: FactProps): JSX.Element {
  return (
    <div className={wide ? "wide" : undefined}>
      <dt>{name}</dt>
      <dd>
        {value}
        {unit && <small> {unit}</small>}
      </dd>
    </div>
  );
}
