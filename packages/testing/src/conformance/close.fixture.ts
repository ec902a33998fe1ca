import { settle } from "../settle.ts";
import { ConformanceFailure } from "./case.ts";

/** What is wrong with a `close()`, and the case that must find it. Every suite's reference takes them in turn. */
export const CLOSE_DEFECTS = {
  "throws when it is closed again": "closes as often as",
  "lets go a second time when it is closed again": "closes as often as",
  "hangs when it is closed twice at once": "closes when it is told twice at once",
  "lets go twice when it is closed twice at once": "closes when it is told twice at once",
  "throws when it is closed twice at once": "closes when it is told twice at once",
  "leaves its connection open": "leaves nothing behind",
} as const;

/** The same, of what has a `warmUp()`. */
export const WARM_UP_DEFECTS = {
  "prepares itself again after its end": "refuses with `closed` what comes after",
  "goes on preparing when it is closed": "what has only begun",
} as const;

type CloseDefect = keyof typeof CLOSE_DEFECTS | keyof typeof WARM_UP_DEFECTS;

/** Connections that the references of one suite hold. */
export interface Connections {
  open: number;
}

/** What references are made of: one connection, held from the beginning, and its `close()`; sound but for one defect. */
export class HeldConnection {
  readonly #connections: Connections;
  readonly #defect: string | undefined;
  readonly #release: () => unknown;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @param release ends what runs. */
  constructor(connections: Connections, defect: string | undefined, release: () => unknown) {
    this.#connections = connections;
    this.#defect = defect;
    this.#release = release;
    connections.open++;
  }

  async warmUp(): Promise<void> {
    const leaks = this.#is("goes on preparing when it is closed") && this.#closing === undefined;
    if (this.#is("prepares itself again after its end") && this.#closed) this.#connections.open++;
    await settle(1);
    if (leaks && this.#closing !== undefined) this.#connections.open++;
  }

  async close(): Promise<void> {
    if (this.#closed) {
      if (this.#is("throws when it is closed again")) throw new ConformanceFailure("closed already");
      if (this.#is("lets go a second time when it is closed again")) this.#connections.open--;
      return;
    }
    if (this.#closing !== undefined) {
      if (this.#is("throws when it is closed twice at once")) throw new ConformanceFailure("closing already");
      if (this.#is("hangs when it is closed twice at once")) await new Promise(() => {});
      if (!this.#is("lets go twice when it is closed twice at once")) return this.#closing;
      this.#connections.open--;
    }
    this.#closing = this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#release();
    await settle(1);
    if (!this.#closed && !this.#is("leaves its connection open")) this.#connections.open--;
    this.#closed = true;
  }

  #is(defect: CloseDefect): boolean {
    return this.#defect === defect;
  }
}
