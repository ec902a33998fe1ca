import { type JSX, useEffect, useState } from "react";
import { aboutServer } from "../model/about-server.ts";

/** What hears, thinks and speaks at the other end, where the server says so. */
export function ServedBy({ server, token }: { readonly server: string; readonly token: string }): JSX.Element | null {
  const [about, setAbout] = useState<readonly (readonly [string, string])[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    void aboutServer(server, token, abort.signal).then((lines) => {
      if (!abort.signal.aborted) setAbout(lines);
    });
    return () => abort.abort();
  }, [server, token]);
  if (about.length === 0) return null;
  return (
    <fieldset>
      <legend>Served by</legend>
      <dl className="served-by">
        {about.map(([part, choice]) => (
          <div key={part}>
            <dt>{part}</dt>
            <dd>{choice}</dd>
          </div>
        ))}
      </dl>
    </fieldset>
  );
}
