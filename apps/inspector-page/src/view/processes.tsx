import type { ProcessView } from "@roomkit/inspector";
import type { JSX } from "react";

/** Where the calls are, where that is more than one place, or something of it is not to be seen. */
export function Processes({ processes }: { readonly processes: readonly ProcessView[] }): JSX.Element | null {
  if (processes.length < 2 && processes.every(({ more }) => more === 0)) return null;
  return (
    <section className="processes" aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      <ul>
        {processes.map((process) => (
          <li key={process.id} data-stale={process.stale || undefined}>
            <span className="name">{process.name}</span>
            <span className="number">{process.calls.filter(({ ended }) => !ended).length + process.more} calls</span>
            <span className="note">{noteOf(process)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function noteOf({ self, stale, newer, more, ageMs }: ProcessView): string {
  if (newer) return "Runs a newer version: look at its own page.";
  if (stale) return `Not heard of for ${Math.round(ageMs / 1_000)} s.`;
  if (more > 0) return `${more} calls more than are shown here.`;
  return self ? "Answers this page." : "";
}
