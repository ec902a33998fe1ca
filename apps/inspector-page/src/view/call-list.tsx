import type { JSX } from "react";
import type { Filter, ListedCall } from "../model/listed.ts";
import { inMs, lasting, lossOf, percent, stateOf, waitOf } from "../model/words.ts";
import { Levels } from "./levels.tsx";
import { Strip } from "./strip.tsx";

interface Props {
  readonly calls: readonly ListedCall[];
  readonly shown: readonly ListedCall[];
  readonly filter: Filter;
  readonly search: string;
  readonly openKey: string | undefined;
  readonly now: number;
  /** Whether anything is known yet. */
  readonly known: boolean;
  readonly onFilter: (filter: Filter) => void;
  readonly onSearch: (search: string) => void;
  readonly onOpen: (call: ListedCall) => void;
}

export function CallList(props: Props): JSX.Element {
  const { calls, shown, filter, search, openKey, now, known, onFilter, onSearch, onOpen } = props;
  const live = calls.filter(({ call }) => !call.ended);
  const counts = {
    live: live.length,
    trouble: live.filter(({ troubles }) => troubles.length > 0).length,
    ended: calls.length - live.length,
  };
  // One scale for all, so that they can be compared.
  const scaleMs = Math.max(1_500, ...shown.flatMap(({ call }) => (call.lastTurn ? waitOf(call.lastTurn) : [])));
  const names = { live: "Going on", trouble: "Need a look", ended: "Ended" };
  return (
    <>
      <div className="tools">
        <h2 id="calls">Calls</h2>
        <fieldset className="filters">
          <legend className="unseen">Which calls</legend>
          {(["live", "trouble", "ended"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={filter === each} onClick={() => onFilter(each)}>
              {names[each]} <span className="number">{counts[each]}</span>
            </button>
          ))}
        </fieldset>
        <label className="search">
          <span className="unseen">Search caller, room, transport or process</span>
          <input
            type="search"
            value={search}
            placeholder="Caller, room, process"
            onChange={(event) => onSearch(event.currentTarget.value)}
          />
        </label>
      </div>
      {shown.length === 0 ? (
        <p className="empty">{emptyText(known, calls.length, filter, search)}</p>
      ) : (
        <div className="heads" aria-hidden="true">
          {["", "Caller", "Transport, process", "Lasts", "Levels", "Last answer after", "Packets", ""].map(
            (head, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: heads never change.
              <span key={i}>{head}</span>
            ),
          )}
        </div>
      )}
      {shown.length > 0 && (
        <ol className="calls">
          {shown.map((each) => (
            <li key={each.key}>
              <Row {...{ listed: each, now, scaleMs, open: each.key === openKey }} onOpen={() => onOpen(each)} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function emptyText(known: boolean, all: number, filter: Filter, search: string): string {
  if (!known) return "Looking for calls...";
  if (search.trim() !== "") return "No call is called like that.";
  if (filter === "trouble") return "No call needs a look.";
  if (filter === "ended") return "No call has ended in the last minute.";
  return all === 0 ? "Nobody calls. This page shows calls from when they begin." : "Nobody calls just now.";
}

interface RowProps {
  readonly listed: ListedCall;
  readonly now: number;
  readonly scaleMs: number;
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Row({ listed, now, scaleMs, open, onOpen }: RowProps): JSX.Element {
  const { call, process, troubles, key } = listed;
  const state = stateOf(call);
  const lasts = (call.ended?.at ?? now) - call.startedAt;
  const wait = call.lastTurn && waitOf(call.lastTurn);
  const loss = lossOf(call);
  return (
    <button type="button" className="row" data-key={key} aria-current={open || undefined} onClick={onOpen}>
      <span className="lamp" data-tone={state.tone} />
      <span className="who">
        <b>
          {call.who}
          <Aloud text=", " />
        </b>
        <span className="state">{call.ended ? `Ended: ${call.ended.reason}` : state.name}</span>
      </span>
      <span className="where">
        <span>
          <Aloud text=", " />
          {call.transport}
        </span>
        <span>
          <Aloud text=", " />
          {process.name}
        </span>
      </span>
      <span className="lasts number">
        <Aloud text=", for " />
        {lasting(lasts)}
      </span>
      <Levels levels={call.levels} />
      <span className="wait">
        {call.lastTurn ? (
          <>
            <span className="number">
              <Aloud text=", last answer after " />
              {inMs(wait ?? 0)}
            </span>
            <Strip turn={call.lastTurn} scaleMs={scaleMs} />
          </>
        ) : (
          <span className="none">
            <Aloud text=", " />
            no turn yet
          </span>
        )}
      </span>
      <span className="loss number">
        <Aloud text=", " />
        {loss === undefined ? "" : `${percent(loss)} loss`}
      </span>
      <span className="troubles">
        {troubles.slice(0, 3).map((trouble) => (
          <i key={trouble}>
            <Aloud text=", " />
            {trouble}
          </i>
        ))}
      </span>
    </button>
  );
}

/** For who hears the row: what its columns say by where they are. */
function Aloud({ text }: { readonly text: string }): JSX.Element {
  return <span className="unseen">{text}</span>;
}
