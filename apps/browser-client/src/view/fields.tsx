import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface Option {
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
    <div class="field">
      <label for={id}>{label}</label>
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
  const shared = {
    value,
    placeholder,
    autocomplete: "off" as const,
    spellcheck: false,
    "aria-describedby": hint && `${id}-hint`,
    onChange: (event: { readonly currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} {...(secret ? { type: "password" as const } : { type: "text" as const })} {...shared} />
      <Hint id={id} text={hint} />
    </div>
  );
}

function Hint({ id, text }: { readonly id: string; readonly text: string | undefined }): JSX.Element | null {
  return text ? (
    <p class="hint" id={`${id}-hint`}>
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
    <label class="switch">
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
