import type { JSX } from "react";

const paths = {
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  "mic-off":
    "M9 9.5V11a3 3 0 0 0 4.6 2.5M15 10.5V6a3 3 0 0 0-5.9-.8M5.5 11a6.5 6.5 0 0 0 9.9 5.5M18.5 11a6.5 6.5 0 0 1-.7 2.9M12 17.5V21M4 4l16 16",
  phone:
    "M5 4h3.5l1.7 4.3-2.2 1.5a11.5 11.5 0 0 0 6.2 6.2l1.5-2.2L20 15.5V19a1.5 1.5 0 0 1-1.6 1.5A15.5 15.5 0 0 1 3.5 5.6 1.5 1.5 0 0 1 5 4Z",
  hangup: "M3.5 14.5c4.6-4.7 12.4-4.7 17 0l-2.4 2.9-3.6-1.5v-2.2a9.6 9.6 0 0 0-5 0v2.2l-3.6 1.5Z",
  stop: "M8 8h8v8H8Z",
  send: "M4.5 12h14M13 6l6 6-6 6",
  wave: "M4 12h1.5M8 8v8M12 5v14M16 8.5v7M20 11v2",
  gear: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
  auto: "M12 4a8 8 0 1 0 0 16ZM12 4a8 8 0 0 1 0 16",
  close: "M6 6l12 12M18 6 6 18",
  warn: "M12 4 2.8 20h18.4ZM12 10v4.5M12 17.3v.2",
  down: "M12 5v13M6.5 12.5 12 18l5.5-5.5",
  cut: "M3.5 10v4M7.5 7v10M12 3.5v17M16.5 12h.1M20.5 12h.1",
  keyboard: "M3 7h18v10H3ZM6.5 10.5h.1M10 10.5h.1M13.5 10.5h.1M17 10.5h.1M8 14h8",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.4-5.5M19.5 4v4.5H15",
  sound: "M4 9.5v5h3.5L12 18V6L7.5 9.5ZM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
} as const;

export type IconName = keyof typeof paths;

/** A line drawing of 24 by 24. Decoration: whatever it stands for is also said in words. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
