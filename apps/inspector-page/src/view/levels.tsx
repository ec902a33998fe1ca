import type { CallRow } from "@roomkit/inspector";
import type { JSX } from "react";

const FLOOR_DB = -60;

/** How much of a meter is full, 0 to 1. */
const fullOf = (db: number | undefined): number => (db === undefined ? 0 : Math.min(1, Math.max(0, 1 - db / FLOOR_DB)));

/** Two small meters; what they show is said in the panel. */
export function Levels({ levels }: { readonly levels: CallRow["levels"] }): JSX.Element {
  return (
    <span className="levels" aria-hidden="true">
      <Bar of="you" db={levels.inbound} />
      <Bar of="bot" db={levels.outbound} />
    </span>
  );
}

function Bar({ of, db }: { readonly of: "you" | "bot"; readonly db: number | undefined }): JSX.Element {
  return (
    <span className="bar" data-of={of}>
      <i style={{ transform: `scaleX(${fullOf(db).toFixed(3)})` }} />
    </span>
  );
}

interface MeterProps {
  readonly of: "you" | "bot";
  readonly name: string;
  readonly db: number | undefined;
}

/** A meter with its name and value. */
export function Meter({ of, name, db }: MeterProps): JSX.Element {
  const text = db === undefined ? "no audio" : db <= FLOOR_DB ? "silent" : `${db} dB`;
  return (
    <div className="metered">
      <span>{name}</span>
      {/* biome-ignore lint/a11y/useSemanticElements: a native meter can hardly be styled. */}
      <span
        role="meter"
        aria-label={name}
        aria-valuemin={FLOOR_DB}
        aria-valuemax={0}
        aria-valuenow={Math.max(FLOOR_DB, db ?? FLOOR_DB)}
        aria-valuetext={text}
      >
        <Bar of={of} db={db} />
      </span>
      <span className="number">{text}</span>
    </div>
  );
}
