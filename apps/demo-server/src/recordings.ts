import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordingSummary } from "@roomkit/core";

/** Recordings kept at most: the oldest goes. All go when the server ends. */
const MOST = 20;
const PREFIX = "/recordings/";
/** How long a request waits for a recording to be complete, ms, and how often it looks. */
const MOST_WAIT_MS = 10_000;
const WAIT_MS = 100;

/**
 * The recordings of this server's calls, in a temporary folder, each at an address that only who recorded it knows. It can be fetched and
 * deleted there.
 */
export class Recordings {
  readonly directory: string;
  /** Their names, oldest first. */
  readonly #names: string[] = [];
  readonly #underWay = new Set<string>();

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<Recordings> {
    return new Recordings(await mkdtemp(join(tmpdir(), "roomkit-recordings-")));
  }

  /** What a recording is called: nobody guesses it. */
  readonly name = (): string => randomUUID();

  /** A recording begins. Gives where it can be fetched when it is complete. */
  expect(name: string): string {
    this.#underWay.add(name);
    return `${PREFIX}${name}.wav`;
  }

  /** A recording is complete. */
  async keep({ name, files }: RecordingSummary): Promise<void> {
    this.#underWay.delete(name);
    if (files.length === 0) return;
    this.#names.push(name);
    if (this.#names.length > MOST) await this.#remove(this.#names[0] as string);
  }

  /** Answers a request for a recording; false when it is for something else. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    if (!path.startsWith(PREFIX)) return false;
    this.#answer(path.slice(PREFIX.length).replace(/\.wav$/, ""), request, response).catch(() => response.destroy());
    return true;
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #answer(name: string, { method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    // Its call has just ended, and its last second is being written.
    for (let waited = 0; this.#underWay.has(name) && waited < MOST_WAIT_MS; waited += WAIT_MS) await sleep(WAIT_MS);
    const known = this.#names.includes(name);
    if (!known || !["GET", "HEAD", "DELETE"].includes(method ?? "")) {
      response.writeHead(known ? 405 : 404).end();
      return;
    }
    if (method === "DELETE") {
      await this.#remove(name);
      response.writeHead(204).end();
      return;
    }
    const file = this.#pathOf(name);
    const { size } = await stat(file);
    const range = rangeOf(headers.range, size);
    response.writeHead(range ? 206 : 200, {
      "content-type": "audio/wav",
      "content-length": range ? range.end - range.start + 1 : size,
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(range && { "content-range": `bytes ${range.start}-${range.end}/${size}` }),
    });
    if (method === "HEAD") response.end();
    else
      createReadStream(file, range)
        .on("error", () => response.destroy())
        .pipe(response);
  }

  async #remove(name: string): Promise<void> {
    const at = this.#names.indexOf(name);
    if (at >= 0) this.#names.splice(at, 1);
    await rm(this.#pathOf(name), { force: true });
  }

  #pathOf(name: string): string {
    return join(this.directory, `${name}.wav`);
  }
}

/** The one range that is asked for; undefined for all of it, also where several are, or none that there is. */
function rangeOf(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === "") return undefined;
  const start = Number(from);
  const end = Math.min(to === "" ? size - 1 : Number(to), size - 1);
  return start <= end ? { start, end } : undefined;
}
