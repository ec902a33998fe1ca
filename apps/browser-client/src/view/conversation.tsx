import { type SpeechLine, splitHeard, Transcript } from "@roomkit/react";
import type { JSX } from "react";
import { useAttending } from "../call/attending.ts";
import { whoSaid } from "../model/attending.ts";
import { Icon } from "./icons.tsx";
import { TurnTiming } from "./turn-timing.tsx";

export function Conversation(): JSX.Element {
  const attending = useAttending();
  const who = (said: Parameters<typeof whoSaid>[0]): string => whoSaid(said, attending);
  return (
    <section className="conversation" aria-label="Conversation">
      <Transcript
        id="transcript"
        className="scroll"
        empty={<Empty />}
        who={who}
        renderLine={(line) =>
          line.kind === "notice" ? <Notice text={line.text} /> : <Line line={line} who={who(line)} />
        }
        newestClassName="small to-end"
        newest={
          <>
            <Icon name="down" />
            Newest
          </>
        }
      />
    </section>
  );
}

/** Before anything is said: how to read what will be. */
function Empty(): JSX.Element {
  return (
    <div className="empty">
      <p className="empty-title">Your conversation, as it is heard</p>
      <dl>
        <div className="line you">
          <dt className="bubble">What you say</dt>
          <dd>Written down while you speak. Underneath, what the wait for the answer was made of.</dd>
        </div>
        <div className="line bot">
          <dt className="bubble">
            What you heard, <del>what you cut off</del>
          </dt>
          <dd>Speak over the assistant and it stops. What you did not hear is crossed out, and it knows.</dd>
        </div>
      </dl>
    </div>
  );
}

function Notice({ text }: { readonly text: string }): JSX.Element {
  return (
    <li className="notice">
      <span>{text}</span>
    </li>
  );
}

interface LineProps {
  readonly line: SpeechLine;
  /** Whose words they are. */
  readonly who: string;
}

function Line(props: LineProps): JSX.Element {
  return props.line.role === "user" ? <UserLine {...props} /> : <AssistantLine {...props} />;
}

function UserLine({ line, who }: LineProps): JSX.Element {
  return (
    <li className={`line you${line.final ? "" : " partial"}`}>
      <p className="speaker">{who}</p>
      <p className="bubble">
        <Written text={line.text} final={line.final} />
      </p>
      {line.metrics && <TurnTiming metrics={line.metrics} />}
    </li>
  );
}

function AssistantLine({ line, who }: LineProps): JSX.Element {
  const { heard, unheard } = splitHeard(line);
  return (
    <li className={`line bot${line.final ? "" : " partial"}`}>
      <p className="speaker">
        {who}
        {unheard !== "" && (
          <span className="tag">
            <Icon name="cut" />
            {line.interrupted ? "interrupted" : "cut off"}
          </span>
        )}
      </p>
      <p className="bubble">
        <Written text={heard} final={line.final || unheard !== ""} />
        {unheard !== "" && (
          <del>
            <span className="unseen">{heard === "" ? "Not heard: " : " Not heard: "}</span>
            <Written text={unheard} final={line.final} />
          </del>
        )}
      </p>
    </li>
  );
}

/** Words, and while more are to come a dot right behind the last of them: it is never alone on a line. */
function Written({ text, final }: { readonly text: string; readonly final: boolean }): JSX.Element {
  if (final) return <>{text}</>;
  return (
    <>
      {text.trimEnd()}
      <i className="dot" aria-hidden="true" />
    </>
  );
}
