import { type Clock, RoomKitError, withTimeout } from "@roomkit/core";
import type { TelephoneCall } from "@roomkit/transport-utils";
import type { IncomingCall, TelephoneOptions } from "./options.ts";

/** Of a parameter's name and value together, as Twilio takes it. */
const MOST_CHARS = 500;
const DEFAULTS = ["From", "To", "CallSid"] as const;

/**
 * What the stream of a call is to be told.
 *
 * @throws RoomKitError `invalid_option` for a parameter that is too long or no text, `timeout`, or what the application throws.
 */
export async function callParameters(
  call: IncomingCall,
  options: TelephoneOptions,
  context: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<Readonly<Record<string, string>>> {
  const parameters = new Map<string, string>();
  for (const name of DEFAULTS) {
    const value = call.form.get(name);
    // A provider that says more than it takes back is not ours to correct.
    if (value && name.length + value.length <= MOST_CHARS) parameters.set(name, value);
  }
  const asked = (async () => options.parameters?.(call) ?? {})();
  const own = await withTimeout(asked, context.timeoutMs, { clock: context.clock, what: "telephone.parameters" });
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) parameters.delete(name);
    else if (name !== "" && typeof value === "string" && name.length + value.length <= MOST_CHARS)
      parameters.set(name, value);
    else
      throw new RoomKitError(
        "invalid_option",
        `telephone.parameters: ${name.slice(0, 40)} is at most ${MOST_CHARS} characters of text`,
      );
  }
  return Object.fromEntries(parameters);
}

/** What a stream's `start` says of its call. */
export interface StartOfCall {
  readonly streamSid?: string | undefined;
  readonly start?:
    | {
        readonly callSid?: string | undefined;
        readonly accountSid?: string | undefined;
        readonly from?: string | undefined;
        readonly to?: string | undefined;
        readonly customParameters?: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
}

/** Whose call it is. Twilio says who calls whom to the webhook alone; our answer to that has it come back as parameters. */
export function callOf({ streamSid = "", start = {} }: StartOfCall): TelephoneCall {
  const { callSid, accountSid, from, to, customParameters: parameters = {} } = start;
  const told = (name: string): string | undefined => (Object.hasOwn(parameters, name) ? parameters[name] : undefined);
  return {
    streamSid,
    callSid: callSid ?? told("CallSid"),
    accountSid,
    from: from ?? told("From"),
    to: to ?? told("To"),
    parameters,
  };
}
