import type { CallAction, CallDetail, ErrorView } from "@roomkit/inspector";
import { type JSX, useEffect, useRef, useState } from "react";
import type { ListedCall } from "../model/listed.ts";
import { lasting, reasonOf, stateOf, timeOf } from "../model/words.ts";
import { EndDialog } from "./end-dialog.tsx";
import { AudioPath, Facts, Quality } from "./facts.tsx";
import { Meter } from "./levels.tsx";
import { Turns } from "./turns.tsx";

interface Props {
  /** Undefined: the call is not in the list any more. */
  readonly row: ListedCall | undefined;
  /** Undefined: still asked for. */
  readonly detail: CallDetail | undefined;
  readonly now: number;
  readonly actions: boolean;
  readonly act: (action: CallAction) => Promise<string | undefined>;
  readonly onClose: () => void;
}

const DONE: Readonly<Record<CallAction, string>> = {
  end: "The call was ended.",
  mute: "The caller is muted: what they say reaches nobody.",
  unmute: "The caller is heard again.",
  mute_output: "The assistant is silent: the caller hears nothing.",
  unmute_output: "The assistant may speak again.",
};

/** One call, looked at closely. */
export function CallPanel({ row, detail, now, actions, act, onClose }: Props): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const [ending, setEnding] = useState(false);
  useEffect(() => heading.current?.focus(), []);

  const call = detail ?? row?.call;
  const state = call && stateOf(call);
  const run = async (action: CallAction): Promise<void> => {
    setBusy(true);
    const code = await act(action);
    setSaid(code === undefined ? DONE[action] : reasonOf(code));
    setBusy(false);
  };
  const { muted = false, outputMuted = false } = call?.status ?? {};
  return (
    <section
      className="panel"
      aria-labelledby="call"
      onKeyDown={({ key }) => {
        if (key === "Escape" && !ending) onClose();
      }}
    >
      <div className="title">
        <button type="button" className="small back" onClick={onClose}>
          Close<span className="unseen">, back to the calls</span>
        </button>
        <h2 id="call" ref={heading} tabIndex={-1}>
          {call?.who ?? "This call is over"}
        </h2>
        {call && state && (
          <p className="standing">
            <span className="lamp" data-tone={state.tone} /> {call.ended ? `Ended: ${call.ended.reason}` : state.name},{" "}
            <span className="number">{lasting((call.ended?.at ?? now) - call.startedAt)}</span>
          </p>
        )}
      </div>
      {call && !call.ended && actions && (
        <div className="actions">
          <button
            type="button"
            className="small"
            aria-pressed={muted}
            disabled={busy}
            onClick={() => run(muted ? "unmute" : "mute")}
          >
            Mute caller
          </button>
          <button
            type="button"
            className="small"
            aria-pressed={outputMuted}
            disabled={busy}
            onClick={() => run(outputMuted ? "unmute_output" : "mute_output")}
          >
            Silence assistant
          </button>
          <button type="button" className="small danger" disabled={busy} onClick={() => setEnding(true)}>
            End call
          </button>
        </div>
      )}
      <p className="said" role="status">
        {said}
      </p>
      {ending && call && (
        <EndDialog
          who={call.who}
          onAnswer={(yes) => {
            setEnding(false);
            if (yes) void run("end");
          }}
        />
      )}
      {!call && <p className="empty">It ended, and is not shown any more.</p>}
      {call && (
        <div className="parts">
          {!call.ended && (
            <section aria-label="Levels" className="meters">
              <Meter of="you" name="Caller" db={call.levels.inbound} />
              <Meter of="bot" name="Assistant" db={call.levels.outbound} />
            </section>
          )}
          {detail && detail.errorList.length > 0 && (
            <section aria-labelledby="errors">
              <h3 id="errors">Errors</h3>
              <ol className="errors">
                {newestFirst(detail.errorList).map(({ key, error: { at, where, code } }) => (
                  <li key={key}>
                    <time className="number">{timeOf(at)}</time> <b>{code}</b> <span>{where}</span>
                  </li>
                ))}
              </ol>
            </section>
          )}
          <Quality call={call} />
          <Turns turns={detail?.turnList} />
          {detail && <AudioPath stages={detail.stages} />}
          <Facts call={call} process={row?.process} />
        </div>
      )}
    </section>
  );
}

/** Each with a key of its own: two may be of one moment. */
function newestFirst(errors: CallDetail["errorList"]): { readonly key: string; readonly error: ErrorView }[] {
  return errors.map((error, i) => ({ key: `${error.at} ${error.code} ${i}`, error })).reverse();
}
