import type { TurnTimes } from "@roomkit/inspector";
import type { JSX } from "react";
import { stages } from "../model/words.ts";

interface Props {
  readonly turn: TurnTimes;
  /** How long the whole width is, ms. */
  readonly scaleMs: number;
}

/** The stages of a turn as one bar; what it shows is written beside it. */
export function Strip({ turn, scaleMs }: Props): JSX.Element {
  let at = 0;
  return (
    <span className="strip" aria-hidden="true">
      {turn.stages.map(({ stage, endMs }) => {
        // What was prepared ahead begins before the stage it waited for: it shows as what it took after that.
        const width = Math.max(0, endMs - at);
        at = Math.max(at, endMs);
        return (
          <i
            key={stage}
            data-tone={stages[stage].tone}
            style={{ width: `${((100 * width) / Math.max(1, scaleMs)).toFixed(2)}%` }}
          />
        );
      })}
    </span>
  );
}
