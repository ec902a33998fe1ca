import {
  type ComponentPropsWithoutRef,
  Fragment,
  type JSX,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranscript, useVoiceCall } from "../hooks.ts";
import { useCell, useStore } from "../provider.tsx";
import type { Said } from "../script.ts";
import { splitHeard, type TranscriptLine } from "../transcript.ts";
import { hidden } from "./hidden.ts";

/** This near to the end, the list follows what is new, px. */
const FOLLOW_WITHIN = 48;

const useIsomorphicLayoutEffect = typeof document === "undefined" ? useEffect : useLayoutEffect;

export interface TranscriptProps extends Omit<ComponentPropsWithoutRef<"div">, "children"> {
  /** Shown before anything was said. */
  readonly empty?: ReactNode;
  /** Class of the button that goes to the newest line; it is there while somebody reads further up. */
  readonly newestClassName?: string | undefined;
  /** What stands on it. Default "Newest". */
  readonly newest?: ReactNode;
  /** A line as an `li`; default: who, and the words. */
  readonly renderLine?: ((line: TranscriptLine) => ReactNode) | undefined;
  /** What stands for whose words they are, and is read out before them. Default "You" and "Assistant". */
  readonly who?: ((said: Said) => string) | undefined;
}

/** The conversation as a list that scrolls and follows what is new. Final lines are read out once, by a region of their own. */
export function Transcript({
  empty,
  newest = "Newest",
  newestClassName,
  who = ({ role }) => (role === "user" ? "You" : "Assistant"),
  renderLine = (line) => written(line, who),
  ...rest
}: TranscriptProps): JSX.Element {
  const lines = useTranscript();
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);
  const isEmpty = lines.length === 0;
  const toEnd = useCallback(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, []);
  useIsomorphicLayoutEffect(() => {
    if (!isEmpty && following.current) toEnd();
  }, [lines, toEnd]);
  useEffect(() => {
    // What grows (an unfolded detail, a smaller window) must not push the newest line out of sight.
    const content = list.current?.firstElementChild;
    if (isEmpty || !list.current || !content) return;
    const grown = new ResizeObserver(() => {
      if (following.current) toEnd();
    });
    grown.observe(list.current);
    grown.observe(content);
    return () => grown.disconnect();
  }, [isEmpty, toEnd]);
  return (
    <>
      {/* Not live: a log that changes with every word would never stop talking. */}
      <div
        aria-label="Transcript"
        {...rest}
        ref={list}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a mouse
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          following.current = scrollHeight - scrollTop - clientHeight < FOLLOW_WITHIN;
          setAway(!following.current);
          rest.onScroll?.(event);
        }}
      >
        {isEmpty ? (
          empty
        ) : (
          <ol>
            {lines.map((line) => (
              <Fragment key={line.id}>{renderLine(line)}</Fragment>
            ))}
          </ol>
        )}
      </div>
      {away && !isEmpty && (
        <button
          type="button"
          className={newestClassName}
          onClick={() => {
            following.current = true;
            setAway(false);
            toEnd();
          }}
        >
          {newest}
        </button>
      )}
      <Announcer who={who} />
    </>
  );
}

/** Reads out what was said last. */
function Announcer({ who }: { readonly who: (said: Said) => string }): JSX.Element | null {
  const said = useCell(useStore().script.announcement);
  const { state } = useVoiceCall();
  if (state === "idle") return null;
  return (
    <p aria-live="polite" style={hidden}>
      {said && `${who(said)}: ${said.text}`}
    </p>
  );
}

function written(line: TranscriptLine, who: (said: Said) => string): JSX.Element {
  if (line.kind === "notice") return <li data-kind="notice">{line.text}</li>;
  const { heard, unheard } = splitHeard(line);
  return (
    <li data-kind="speech" data-role={line.role} data-final={line.final}>
      <span>{who(line)}</span>{" "}
      <span>
        {heard}
        {unheard !== "" && (
          <del>
            <span style={hidden}> Not heard: </span>
            {unheard}
          </del>
        )}
      </span>
    </li>
  );
}
