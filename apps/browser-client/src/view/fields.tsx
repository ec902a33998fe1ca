import { type JSX, useEffect, useId, useRef } from "react";

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean | undefined;
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly hint?: string | undefined;
  onChange(value: string): void;
}

export function Choice({ label, value, options, hint, onChange }: ChoiceProps): JSX.Element {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint && `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
      <Hint id={id} text={hint} />
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  /** Does not show what is written. */
  readonly secret?: boolean | undefined;
  readonly placeholder?: string | undefined;
  readonly hint?: string | undefined;
  onChange(value: string): void;
}

export function Field({ label, value, secret = false, placeholder, hint, onChange }: FieldProps): JSX.Element {
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // React's own comes with every key: half an address is none.
    const element = box.current;
    const changed = (): void => onChange(element?.value ?? "");
    element?.addEventListener("change", changed);
    return () => element?.removeEventListener("change", changed);
  }, [onChange]);
  useEffect(() => {
    if (box.current) box.current.value = value;
  }, [value]);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={box}
        type={secret ? "password" : "text"}
        defaultValue={value}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={hint && `${id}-hint`}
      />
      <Hint id={id} text={hint} />
    </div>
  );
}

function Hint({ id, text }: { readonly id: string; readonly text: string | undefined }): JSX.Element | null {
  return text ? (
    <p className="hint" id={`${id}-hint`}>
      {text}
    </p>
  ) : null;
}

interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  onChange(checked: boolean): void;
}

export function Switch({ label, checked, onChange }: SwitchProps): JSX.Element {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}
