import { type JSX, useLayoutEffect, useRef } from "react";

interface Props {
  readonly who: string;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks before somebody is cut off. */
export function EndDialog({ who, onAnswer }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Gives the keyboard back to where it was; what is only taken away does not.
    return () => shown?.close();
  }, []);
  // That it is closed is told later than Escape, and by then it may be asked for again: the word that counts is `cancel`.
  const onClose = (): void => {
    if (dialog.current?.open === false) onAnswer(false);
  };
  return (
    <dialog ref={dialog} aria-labelledby="end" onCancel={() => onAnswer(false)} onClose={onClose}>
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
