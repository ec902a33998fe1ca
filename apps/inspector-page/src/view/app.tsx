import { type JSX, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { allCalls, type Filter, keyOf, type ListedCall, listed } from "../model/listed.ts";
import type { CallKey, Server } from "../model/server.ts";
import { CallList } from "./call-list.tsx";
import { CallPanel } from "./call-panel.tsx";
import { Header } from "./header.tsx";
import { Processes } from "./processes.tsx";
import { SignIn } from "./sign-in.tsx";

const NOTHING: readonly ListedCall[] = [];

export function App({ server }: { readonly server: Server }): JSX.Element {
  const { link, view } = useSyncExternalStore(server.subscribe, server.shown);
  const [filter, setFilter] = useState<Filter>("live");
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<CallKey>();
  const cameFrom = useRef<string>(undefined);
  const calls = useMemo(() => (view ? allCalls(view) : NOTHING), [view]);
  const shown = useMemo(() => listed(calls, filter, search), [calls, filter, search]);
  const openKey = open && keyOf(open.process, open.call);

  useEffect(() => server.look(open), [server, open]);
  useEffect(() => {
    const count = calls.filter(({ call }) => !call.ended).length;
    document.title = view ? `${count} ${count === 1 ? "call" : "calls"} - RoomKit` : "RoomKit: calls";
  }, [calls, view]);

  if (link === "refused") return <SignIn onToken={(token) => server.signIn(token)} again={server.hasToken} />;

  const close = (): void => {
    setOpen(undefined);
    // Back to where the keyboard was.
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(`[data-key='${CSS.escape(cameFrom.current ?? "")}']`)?.focus(),
    );
  };
  const detail = view?.detail;
  const row = calls.find(({ key }) => key === openKey);
  return (
    <div className="page" data-open={open !== undefined || undefined}>
      <Header link={link} calls={calls} processes={view?.processes ?? []} />
      <main>
        <section className="overview" aria-labelledby="calls">
          <CallList
            {...{ calls, shown, filter, search, openKey, now: view?.at ?? 0, known: view !== undefined }}
            onFilter={setFilter}
            onSearch={setSearch}
            onOpen={({ key, process, call }) => {
              cameFrom.current = key;
              setOpen({ process: process.id, call: call.id });
            }}
          />
          <Processes processes={view?.processes ?? []} />
        </section>
        {open && view && (
          <CallPanel
            key={openKey}
            row={row}
            detail={detail && keyOf(detail.process, detail.call.id) === openKey ? detail.call : undefined}
            now={view.at}
            actions={view.actions}
            act={(action) => server.act(open, action)}
            onClose={close}
          />
        )}
      </main>
    </div>
  );
}
