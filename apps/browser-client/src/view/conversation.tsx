import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { CallStore } from "../call-store.ts";
import { type Entry, type Speech, splitHeard } from "../model/conversation.ts";
import { Icon } from "./icons.tsx";
import { TurnTiming } from "./turn-timing.tsx";

/** This near to the end, the list follows what is new, px. */
const FOLLOW_WITHIN = 48;

export function Conversation({ store }: { readonly store: CallStore }): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const following = useSignal(true);
  const entries = store.entries.value;
  const empty = entries.length === 0;
  useLayoutEffect(() => {
    const element = list.current;
    if (element && !empty && following.peek()) element.scrollTop = element.scrollHeight;
  }, [entries, empty, following]);
  useEffect(() => {
    // What grows (an unfolded timing, a smaller window) must not push the newest line out of sight.
    const element = list.current;
    const content = element?.firstElementChild;
    if (!element || !content || empty) return;
    const grown = new ResizeObserver(() => {
      if (following.peek()) element.scrollTop = element.scrollHeight;
    });
    grown.observe(element);
    grown.observe(content);
    return () => grown.disconnect();
  }, [empty, following]);
  const onScroll = (): void => {
    const element = list.current;
    if (element) following.value = element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_WITHIN;
  };
  const toEnd = (): void => {
    following.value = true;
    list.current?.scrollTo({ top: list.current.scrollHeight });
  };
  return (
    <section class="conversation" aria-label="Conversation">
      {/* Spoken by the page's announcer line when final: a log that changes with every word would never stop talking. */}
      <div
        class="scroll"
        ref={list}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a mouse
        tabIndex={0}
        aria-label="Transcript"
      >
        {empty ? (
          <Empty />
        ) : (
          <ol>
            {entries.map((entry) => (
              <Line key={entry.id} entry={entry} />
            ))}
          </ol>
        )}
      </div>
      {!following.value && (
        <button type="button" class="small to-end" onClick={toEnd}>
          <Icon name="down" />
          Newest
        </button>
      )}
    </section>
  );
}

/** Before anything is said: how to read what will be. */
function Empty(): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">Your conversation, as it is heard</p>
      <dl>
        <div class="line you">
          <dt class="bubble">What you say</dt>
          <dd>Written down while you speak. Underneath, what the wait for the answer was made of.</dd>
        </div>
        <div class="line bot">
          <dt class="bubble">
            What you heard, <del>what you cut off</del>
          </dt>
          <dd>Speak over the assistant and it stops. What you did not hear is crossed out, and it knows.</dd>
        </div>
      </dl>
    </div>
  );
}

function Line({ entry }: { readonly entry: Entry }): JSX.Element {
  if (entry.kind === "notice") {
    return (
      <li class="notice">
        <span>{entry.text}</span>
      </li>
    );
  }
  return entry.role === "user" ? <UserLine line={entry} /> : <AssistantLine line={entry} />;
}

function UserLine({ line }: { readonly line: Speech }): JSX.Element {
  return (
    <li class={`line you${line.final ? "" : " partial"}`}>
      <p class="speaker">{line.typed ? "You, typed" : "You"}</p>
      <p class="bubble">{line.text}</p>
      {line.metrics && <TurnTiming metrics={line.metrics} />}
    </li>
  );
}

function AssistantLine({ line }: { readonly line: Speech }): JSX.Element {
  const { heard, unheard } = splitHeard(line);
  return (
    <li class={`line bot${line.final ? "" : " partial"}`}>
      <p class="speaker">
        Assistant
        {unheard !== "" && (
          <span class="tag">
            <Icon name="cut" />
            {line.interrupted ? "interrupted" : "cut off"}
          </span>
        )}
      </p>
      <p class="bubble">
        {heard}
        {unheard !== "" && (
          <del>
            <span class="unseen">{heard === "" ? "Not heard: " : " Not heard: "}</span>
            {unheard}
          </del>
        )}
      </p>
    </li>
  );
}
