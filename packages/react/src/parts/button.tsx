import type { ComponentPropsWithoutRef, JSX } from "react";

/** Everything a button takes. */
export type ButtonProps = ComponentPropsWithoutRef<"button">;

interface ActionButtonProps extends ButtonProps {
  /** What a press does now: a second press at the same place does nothing else for a moment. */
  readonly does: string;
  act(): void;
}

/** A button that does one thing at a time; a handler of the page's own may prevent it. */
export function ActionButton({ does, act, onClick, ...rest }: ActionButtonProps): JSX.Element {
  return (
    <button
      type="button"
      data-does={does}
      {...rest}
      onClick={(event) => {
        onClick?.(event);
        if (!event.defaultPrevented) act();
      }}
    />
  );
}
