import type { TurnView } from "@roomkit/inspector";
import type { JSX } from "react";
import { inMs, stages, timeOf, waitOf } from "../model/words.ts";
import { Strip } from "./strip.tsx";

/** Stages that the legend has, one for each colour. */
const LEGEND = ["endpoint", "stt", "llm", "tts", "playout"] as const;

/** Where the time of each turn went, the newest first, all on one scale. */
export function Turns({ turns }: { readonly turns: readonly TurnView[] | undefined }): JSX.Element {
  // A turn of which no times are told yet has no bar.
  const timed = turns?.filter((turn) => turn.stages.length > 0).toReversed();
  const scaleMs = Math.max(1_000, ...(timed ?? []).map(waitOf));
  return (
    <section aria-labelledby="turns">
      <h3 id="turns">Latency of each answer</h3>
      {timed === undefined && <p className="empty">Asking its process...</p>}
      {timed?.length === 0 && <p className="empty">No turn yet.</p>}
      {timed !== undefined && timed.length > 0 && (
        <>
          <ul className="legend" aria-hidden="true">
            {LEGEND.map((stage) => (
              <li key={stage}>
                <i data-tone={stages[stage].tone} /> {stages[stage].name}
              </li>
            ))}
          </ul>
          <ol className="turns">
            {timed.map((turn) => (
              <li key={turn.id}>
                <Turn turn={turn} scaleMs={scaleMs} />
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function Turn({ turn, scaleMs }: { readonly turn: TurnView; readonly scaleMs: number }): JSX.Element {
  const { said, heard, tools, interrupted, decidedBy, speechMs } = turn;
  // A tool may be called twice in a turn: none changes its place.
  const placed = tools.map((tool, i) => ({ tool, place: `${tool.name} ${i}` }));
  return (
    <details>
      <summary>
        <time className="number">{timeOf(turn.at)}</time>
        <Strip turn={turn} scaleMs={scaleMs} />
        <span className="number total">{inMs(waitOf(turn))}</span>
        <span className="notes">
          {interrupted && <i>cut off</i>}
          {placed.map(({ tool, place }) => (
            <i key={place} data-failed={tool.failed || undefined}>
              {tool.name}
            </i>
          ))}
        </span>
      </summary>
      <table>
        <caption className="unseen">From the caller's last word</caption>
        <tbody>
          {turn.stages.map(({ stage, startMs, endMs }) => (
            <tr key={stage}>
              <th scope="row">
                {stages[stage].name}
                <span className="meaning">
                  {stages[stage].meaning}
                  {stage === "decide" && decidedBy !== undefined && ` (${decidedBy})`}
                </span>
              </th>
              <td className="number">{inMs(endMs - startMs)}</td>
            </tr>
          ))}
          {placed.map(({ tool, place }) => (
            <tr key={place}>
              <th scope="row">
                {tool.name}
                <span className="meaning">{tool.failed ? "a tool that failed" : "a tool"}</span>
              </th>
              <td className="number">{inMs(tool.ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {speechMs !== undefined && <p className="meaning">The caller had spoken for {inMs(speechMs)}.</p>}
      {said !== undefined && <p className="words you">{said}</p>}
      {heard !== undefined && <p className="words bot">{heard}</p>}
    </details>
  );
}
