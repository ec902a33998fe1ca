import { once } from "node:events";
import { createServer } from "node:net";

/** A port of those that no outgoing connection is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const probe = createServer();
    const free = once(probe, "listening").then(
      () => true,
      () => false,
    );
    probe.listen(port, "127.0.0.1");
    if (!(await free)) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}
