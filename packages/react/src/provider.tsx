import { VoiceClientError } from "@roomkit/client";
import {
  createContext,
  type JSX,
  type ReactNode,
  useContext,
  useEffect,
  useInsertionEffect,
  useState,
  useSyncExternalStore,
} from "react";
import { CallStore } from "./call-store.ts";
import type { Cell } from "./cell.ts";
import type { CallSetup } from "./options.ts";
import { keepSteady } from "./steady.ts";

const Context = createContext<CallStore | undefined>(undefined);

export interface VoiceCallProps extends CallSetup {
  readonly children?: ReactNode;
}

/**
 * A place for one call, which the hooks and parts below it share. Its properties are the options of a `VoiceClient`, read when a
 * connection is made: another value takes effect with the next. The call ends when this leaves the page.
 */
export function VoiceCall({ children, ...setup }: VoiceCallProps): JSX.Element {
  const [store] = useState(() => new CallStore(setup));
  // Before any effect of what is below, which may start a call.
  useInsertionEffect(() => store.configure(setup));
  useEffect(() => store.mount(), [store]);
  useEffect(() => keepSteady(), []);
  return <Context.Provider value={store}>{children}</Context.Provider>;
}

/** @throws VoiceClientError `invalid_state` outside of a `VoiceCall`. */
export function useStore(): CallStore {
  const store = useContext(Context);
  if (store) return store;
  throw new VoiceClientError("invalid_state", "there is no <VoiceCall> above this");
}

/** What a cell holds; rendered anew when that changes. */
export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get, () => cell.initial);
}
