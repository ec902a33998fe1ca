import { ProviderError, type ProviderErrorKind } from "../errors/provider-error.ts";
import { redactText } from "../keys/redact.ts";

/** How a WebSocket ended. */
export interface CloseInfo {
  /** RFC 6455 code; 1005 when the peer sent none, 1006 when the connection broke off. */
  readonly code: number;
  readonly reason: string;
  /** Who ended it: we, the peer with a close frame, or nobody (the connection was lost). */
  readonly by: "local" | "remote" | "lost";
}

/** What a close code (RFC 6455, 7.4.1 and the IANA registry) says about the peer. 1000 and 1005 say nothing bad. */
function kindOfClose(code: number): ProviderErrorKind | "none" {
  switch (code) {
    case 1000:
    case 1005:
      return "none";
    case 1001: // going away
    case 1006: // no close frame
    case 1012: // restarting
      return "network";
    case 1008: // policy
    case 1009: // too big for it
    case 1010:
      return "invalid_request";
    case 1011:
    case 1014:
      return "server";
    case 1013:
      return "overloaded";
    default:
      return "protocol";
  }
}

/** The error of a close that we did not ask for; undefined when it is a normal end. */
export function closeError(
  { code, reason }: Pick<CloseInfo, "code" | "reason">,
  context: {
    readonly provider: string;
    readonly classifyClose?: ((code: number, reason: string) => ProviderErrorKind | "none" | undefined) | undefined;
  },
): ProviderError | undefined {
  const kind = context.classifyClose?.(code, reason) ?? kindOfClose(code);
  if (kind === "none") return undefined;
  const { provider } = context;
  const because = reason ? `: ${reason}` : "";
  const message =
    code === 1006 ? `the connection to ${provider} was lost` : `${provider} closed with ${code}${because}`;
  return new ProviderError(kind, message, { provider, details: { closeCode: code, closeReason: redactText(reason) } });
}
