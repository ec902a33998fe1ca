import type { ProcessView } from "@roomkit/inspector";
import type { JSX } from "react";
import { type ListedCall, medianWait } from "../model/listed.ts";
import type { LinkState } from "../model/server.ts";
import { inMs } from "../model/words.ts";

const LINKS: Readonly<Record<LinkState, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "No connection, trying again",
  full: "Too many are looking, trying again",
  refused: "Not signed in",
};

interface Props {
  readonly link: LinkState;
  readonly calls: readonly ListedCall[];
  readonly processes: readonly ProcessView[];
}

export function Header({ link, calls, processes }: Props): JSX.Element {
  const live = calls.filter(({ call }) => !call.ended);
  const more = processes.reduce((sum, process) => sum + process.more, 0);
  const troubled = live.filter(({ troubles }) => troubles.length > 0).length;
  const wait = medianWait(calls);
  return (
    <header>
      <h1>
        RoomKit <span>inspector</span>
      </h1>
      <dl className="figures">
        <Figure name={live.length + more === 1 ? "Call" : "Calls"} value={live.length + more} />
        <Figure
          name={troubled === 1 ? "Needs a look" : "Need a look"}
          value={troubled}
          tone={troubled > 0 ? "danger" : undefined}
        />
        <Figure name="Median wait" value={wait === undefined ? "-" : inMs(wait)} />
        <Figure name={processes.length === 1 ? "Process" : "Processes"} value={processes.length} />
      </dl>
      <p className="link" data-link={link} role="status">
        {LINKS[link]}
      </p>
    </header>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: string | number;
  readonly tone?: string | undefined;
}): JSX.Element {
  const { name, value, tone } = props;
  return (
    <div data-figure={tone}>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}
