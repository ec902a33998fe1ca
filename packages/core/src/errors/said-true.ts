import { RoomKitError } from "./error.ts";

/**
 * Whether an application's function said true; what is merely truthy is no.
 *
 * @throws RoomKitError `invalid_option` where it gave a promise, which is listened to so that its failure ends no process.
 */
export function saidTrue(answer: unknown, what: string): boolean {
  if (!(answer instanceof Promise)) return answer === true;
  answer.catch(() => {});
  throw new RoomKitError("invalid_option", `${what} gave a promise: it must say true or false at once`);
}
