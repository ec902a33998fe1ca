import { type ComponentPropsWithoutRef, type JSX, type ReactNode, useId } from "react";
import { useDevices } from "../hooks.ts";

export interface DevicePickerProps extends Omit<ComponentPropsWithoutRef<"select">, "value" | "children"> {
  readonly of: "input" | "output";
  /** Default "Microphone" or "Speaker". */
  readonly label?: ReactNode;
}

/** Chooses a microphone or a speaker, with its label. Nothing where the browser lets no page choose. */
export function DevicePicker({ of, label, onChange, ...rest }: DevicePickerProps): JSX.Element | null {
  const id = useId();
  const devices = useDevices();
  const input = of === "input";
  const list = input ? devices.inputs : devices.outputs;
  const chosen = devices[of];
  const word = input ? "Microphone" : "Speaker";
  if (!input && list.length === 0) return null;
  const others = list.filter((device) => device.id !== "" && device.id !== "default");
  const gone = chosen !== "" && !others.some((device) => device.id === chosen);
  return (
    <>
      <label htmlFor={id}>{label ?? word}</label>
      <select
        id={id}
        {...rest}
        value={chosen}
        onChange={(event) => {
          onChange?.(event);
          void (input ? devices.selectInput : devices.selectOutput)(event.currentTarget.value);
        }}
      >
        <option value="">System default</option>
        {gone && <option value={chosen}>Not connected</option>}
        {others.map((device, i) => (
          <option key={device.id} value={device.id}>
            {device.label || `${word} ${i + 1}`}
          </option>
        ))}
      </select>
    </>
  );
}
