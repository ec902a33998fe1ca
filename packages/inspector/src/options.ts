import type { Bus, Clock, Logger, VoiceSession } from "@roomkit/core";
import type { GateOptions } from "@roomkit/transport-utils";

export interface InspectorOptions
  extends Pick<GateOptions, "auth" | "allowAnonymous" | "authTimeoutMs" | "origins" | "trustedProxies"> {
  /** Where it is: the page at `{path}/ui`. Default `/inspect`. */
  readonly path?: string | undefined;
  /** What the processes share: with it each of them shows the calls of all. */
  readonly bus?: Bus | undefined;
  /** How this process is called. Default: host and process id. */
  readonly name?: string | undefined;
  /** How a caller is called. Default: the participant's id. */
  readonly who?: ((session: VoiceSession) => string) | undefined;
  /** Turns show what was said and heard. Default false. */
  readonly showWords?: boolean | undefined;
  /** Calls may be ended and muted. Default true. */
  readonly actions?: boolean | undefined;
  /** Pages that look at once, 1 to 1,000. Default 16. */
  readonly maxViewers?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}
