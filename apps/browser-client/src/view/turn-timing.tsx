import type { TurnMetrics } from "@roomkit/react";
import type { JSX } from "react";
import { formatMs, type Stage, waterfall } from "../model/waterfall.ts";

/** What a turn's wait was made of: one bar, and on demand a bar for each stage. */
export function TurnTiming({ metrics }: { readonly metrics: TurnMetrics }): JSX.Element | null {
  const result = waterfall(metrics);
  if (result === undefined) return null;
  const { stages, totalMs } = result;
  // Without a reply the answer was cut off, or is still on its way.
  const label = metrics.replyMs === undefined ? "so far" : "to reply";
  const share = (ms: number): string => `${((100 * ms) / Math.max(1, totalMs)).toFixed(2)}%`;
  return (
    <details className="timing">
      <summary>
        <span className="total">
          {formatMs(totalMs)} {label}
        </span>
        <span className="strip" aria-hidden="true">
          {stages.map((stage) => (
            <i key={stage.name} data-tone={stage.tone} style={{ width: share(stage.durationMs) }} />
          ))}
        </span>
      </summary>
      <table>
        <caption className="unseen">Time from the end of your speech to the reply</caption>
        <tbody>
          {stages.map((stage) => (
            <Row key={stage.name} stage={stage} share={share} />
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Row({ stage, share }: { readonly stage: Stage; share(ms: number): string }): JSX.Element {
  return (
    <tr title={stage.meaning}>
      <th scope="row">
        {stage.name}
        <span className="unseen">, {stage.meaning}</span>
      </th>
      <td className="track" aria-hidden="true">
        <i data-tone={stage.tone} style={{ marginInlineStart: share(stage.startMs), width: share(stage.durationMs) }} />
      </td>
      <td className="number">{formatMs(stage.durationMs)}</td>
    </tr>
  );
}
