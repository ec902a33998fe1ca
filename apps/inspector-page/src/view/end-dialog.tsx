import { type JSX, useEffect, useRef } from "react";

interface Props {
  readonly who: string;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks before somebody is cut off. */
export function EndDialog({ who, onAnswer }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="end" onClose={() => onAnswer(false)}>
      <h2 id="end">End the call of {who}?</h2>
      <p>They are cut off at once, and told that the call has ended.</p>
      <div className="actions">
        <button type="button" className="small" onClick={() => onAnswer(false)}>
          Keep it
        </button>
        <button type="button" className="small danger" onClick={() => onAnswer(true)}>
          End call
        </button>
      </div>
    </dialog>
  );
}
