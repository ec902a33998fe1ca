import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { aboutServer } from "../model/about-server.ts";

/** What hears, thinks and speaks at the other end, where the server says so. */
export function ServedBy({ server, token }: { readonly server: string; readonly token: string }): JSX.Element | null {
  const about = useSignal<readonly (readonly [string, string])[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    void aboutServer(server, token, abort.signal).then((lines) => {
      if (!abort.signal.aborted) about.value = lines;
    });
    return () => abort.abort();
  }, [server, token, about]);
  if (about.value.length === 0) return null;
  return (
    <fieldset>
      <legend>Served by</legend>
      <dl class="served-by">
        {about.value.map(([part, choice]) => (
          <div key={part}>
            <dt>{part}</dt>
            <dd>{choice}</dd>
          </div>
        ))}
      </dl>
    </fieldset>
  );
}
