import { type SpeechLine, splitHeard, Transcript, type TranscriptLine } from "@roomkit/react";
import type { JSX } from "react";
import { useAttending } from "../call/attending.ts";
import { whoSaid } from "../model/attending.ts";
import { Icon } from "./icons.tsx";
import { TurnTiming } from "./turn-timing.tsx";

export function Conversation(): JSX.Element {
  const attending = useAttending();
  return (
    <section className="conversation" aria-label="Conversation">
      <Transcript
        id="transcript"
        className="scroll"
        empty={<Empty />}
        who={(said) => whoSaid(said, attending)}
        renderLine={(line) => <Line line={line} />}
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

function Line({ line }: { readonly line: TranscriptLine }): JSX.Element {
  if (line.kind === "notice") {
    return (
      <li className="notice">
        <span>{line.text}</span>
      </li>
    );
  }
  return line.role === "user" ? <UserLine line={line} /> : <AssistantLine line={line} />;
}

function UserLine({ line }: { readonly line: SpeechLine }): JSX.Element {
  const attending = useAttending();
  return (
    <li className={`line you${line.final ? "" : " partial"}`}>
      <p className="speaker">{whoSaid(line, attending)}</p>
      <p className="bubble">
        <Written text={line.text} final={line.final} />
      </p>
      {line.metrics && <TurnTiming metrics={line.metrics} />}
    </li>
  );
}

function AssistantLine({ line }: { readonly line: SpeechLine }): JSX.Element {
  const attending = useAttending();
  const { heard, unheard } = splitHeard(line);
  return (
    <li className={`line bot${line.final ? "" : " partial"}`}>
      <p className="speaker">
        {whoSaid(line, attending)}
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
