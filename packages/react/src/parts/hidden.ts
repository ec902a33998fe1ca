import type { CSSProperties } from "react";

/** Heard, and not seen. Only for what is never rendered by a server, whose policy may forbid styles in the page. */
export const hidden: CSSProperties = {
  position: "absolute",
  width: 1,
  height: 1,
  overflow: "hidden",
  clipPath: "inset(50%)",
};
