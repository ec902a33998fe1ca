import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, errorFields, type Logger } from "@roomkit/core";
import {
  type ConnectionRequest,
  type Gate,
  jsonResponse,
  sendWebResponse,
  toWebRequest,
} from "@roomkit/transport-utils";
import { actRequest } from "../bus/messages.ts";
import type { ActionResult, CallAction } from "../calls/views.ts";
import { inspectorPage } from "../page.ts";
import type { Streams } from "./streams.ts";

const MAX_BODY_BYTES = 4_096;
/** Characters of the ids of the call that is looked at closely. */
const MAX_FOCUS_CHARS = 400;
const LOOPBACK = /^(?:127(?:\.\d+){3}|::1|::ffff:127(?:\.\d+){3})$/;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;
/** What is not the caller's fault. */
const STATUS: Readonly<Record<string, number>> = {
  unknown_call: 404,
  unknown_process: 404,
  not_allowed: 403,
  timeout: 504,
  busy: 503,
};

export interface RoutesOptions {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Its path. */
  readonly base: string;
  readonly streams: Streams;
  /** Nobody is asked who they are: then only this machine is answered. */
  readonly loopbackOnly: boolean;
  readonly act: (process: string, call: string, action: CallAction) => Promise<ActionResult>;
}

/**
 * | request                          | answer                                                     |
 * | -------------------------------- | ---------------------------------------------------------- |
 * | `GET {path}`, `GET {path}/ui/..` | the page, which holds nothing of any call: for everybody   |
 * | `GET {path}/live`                | the calls, as server-sent events, for whoever may see them |
 * | `POST {path}/act`                | does something to a call                                   |
 *
 * A page of another site can have a browser send cookies along, but neither JSON nor a token without asking first: that is refused here.
 */
export class Routes {
  readonly #options: RoutesOptions;
  readonly #page = inspectorPage();

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { base, gate, logger } = this.#options;
    const [path = ""] = (request.url ?? "").split("?", 1);
    if (path !== base && !path.startsWith(`${base}/`)) return false;
    const asked = gate.describe(request, "http");
    const answer = async (): Promise<Response | undefined> => {
      if (path === `${base}/live`) return await this.#live(asked, response);
      if (path === `${base}/act`) return await this.#act(asked, request);
      return await this.#static(request, path);
    };
    void answer()
      .catch((error: unknown) => {
        logger.warn(errorFields(error), "a request of the inspector failed");
        return jsonResponse({ error: "invalid_request" }, 400);
      })
      .then((made) => made && sendWebResponse(response, made));
    return true;
  }

  async #static(request: IncomingMessage, path: string): Promise<Response> {
    const { base, clock } = this.#options;
    if (path === base || path === `${base}/`) {
      // Relative, so that it is right behind a proxy that hides part of the path.
      const location = path === base ? `${base.slice(base.lastIndexOf("/") + 1)}/ui/` : "ui/";
      return new Response(null, { status: 307, headers: { location } });
    }
    const found = await this.#page.fetch(await toWebRequest(request, { clock, maxBodyBytes: 0 }), base);
    return found ?? jsonResponse({ error: "not_found" }, 404);
  }

  /** What keeps a request out; undefined: it may come in. */
  async #refusal(asked: ConnectionRequest, method: "GET" | "POST"): Promise<Response | undefined> {
    const { gate, loopbackOnly } = this.#options;
    const screened = gate.screen(asked, method);
    if (screened.answer) return screened.answer;
    // By its name, too: a page elsewhere may have a name of its own that leads here.
    if (loopbackOnly && !(LOOPBACK.test(asked.address) && LOOPBACK_HOST.test(asked.host ?? "")))
      return jsonResponse({ error: "loopback_only" }, 403);
    const result = await gate.authenticate(asked);
    return result.ok ? undefined : jsonResponse({ error: result.code }, result.status);
  }

  async #live(asked: ConnectionRequest, response: ServerResponse): Promise<Response | undefined> {
    const { streams } = this.#options;
    const refused = await this.#refusal(asked, "GET");
    if (refused) return refused;
    if (streams.full) return jsonResponse({ error: "too_many_viewers" }, 503, { "retry-after": "5" });
    if (response.destroyed) return undefined;
    const [process, call] = [asked.query.get("process"), asked.query.get("call")];
    // What is longer is no id of ours, and would be told to the other processes.
    const known = process !== null && call !== null && process.length + call.length <= MAX_FOCUS_CHARS;
    const gzip = /(^|,)\s*gzip\s*(,|$)/i.test(asked.header("accept-encoding") ?? "");
    streams.add(response, known ? { process, call } : undefined, gzip);
    return undefined;
  }

  async #act(asked: ConnectionRequest, request: IncomingMessage): Promise<Response> {
    const { clock, act } = this.#options;
    const refused = await this.#refusal(asked, "POST");
    if (refused) return refused;
    if (!/^application\/json\b/i.test(asked.header("content-type") ?? ""))
      return jsonResponse({ error: "json_expected" }, 415);
    const body = await toWebRequest(request, { clock, maxBodyBytes: MAX_BODY_BYTES });
    const wanted = actRequest.safeParse(await body.json());
    if (!wanted.success) return jsonResponse({ error: "invalid_request" }, 400);
    const { process, call, action } = wanted.data;
    const result = await act(process, call, action);
    return result.ok ? jsonResponse({ ok: true }) : jsonResponse({ error: result.code }, STATUS[result.code] ?? 409);
  }
}
