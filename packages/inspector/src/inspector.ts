import type { IncomingMessage, ServerResponse } from "node:http";
import { hostname } from "node:os";
import {
  assertOptions,
  type Clock,
  consoleLogger,
  type Logger,
  optionsWithin,
  type RoomKit,
  RoomKitError,
  randomId,
  systemClock,
  withTimeout,
} from "@roomkit/core";
import { Gate, gateKinds, mountPath } from "@roomkit/transport-utils";
import { Peers } from "./bus/peers.ts";
import { CallLog } from "./calls/call-log.ts";
import { clip } from "./calls/call-record.ts";
import { fitRows } from "./calls/fit-rows.ts";
import type { ActionResult, InspectorView, ProcessView } from "./calls/views.ts";
import { Routes } from "./http/routes.ts";
import { type Focus, Streams } from "./http/streams.ts";
import type { InspectorOptions } from "./options.ts";

/** Longest wait for what is done to a call here, ms: less than another process waits for the answer. */
const ACT_MS = 2_500;
/** Characters of the calls of this process, as JSON: some thousands of calls. */
const MAX_CHARACTERS = 2_000_000;
/** Rounds of the streams between two words to the other processes: one second. */
const ROUNDS = 2;

export interface Inspector {
  /** Answers requests below its path; false: the request is another's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Lets viewers go, tells the other processes and hears of no call any more. The bus stays open. Idempotent. */
  close(): Promise<void>;
}

/**
 * A page on which operators see the calls of a kit, and of the other processes on its bus, as they go on; they may end and mute them.
 * Call it before the first call: one that goes on already is not seen. With the kit it ends by itself, but for what only {@link Inspector.close} ends.
 *
 * @throws RoomKitError `auth_required` without `auth` and `allowAnonymous`, `invalid_option`.
 */
export function inspector(kit: RoomKit, options: InspectorOptions): Inspector {
  const { maxViewers } = checked(options);
  const { clock = systemClock, logger = consoleLogger } = options;
  const gate = new Gate(options, { clock, logger });
  return new KitInspector(kit, options, { gate, clock, logger, maxViewers });
}

function checked(options: InspectorOptions): { readonly maxViewers: number } {
  const { number: _numbers, ...gate } = gateKinds;
  assertOptions("inspector", options, {
    ...gate,
    number: ["authTimeoutMs", "maxViewers"],
    string: ["path", "name"],
    boolean: ["allowAnonymous", "showWords", "actions"],
    function: ["auth", "origins", "who"],
    object: ["bus", "clock", "logger"],
  });
  return optionsWithin<{ readonly maxViewers: number }>(options, { maxViewers: 16 }, { maxViewers: [1, 1_000] });
}

interface Parts {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxViewers: number;
}

class KitInspector implements Inspector {
  readonly #kit: RoomKit;
  readonly #parts: Parts;
  readonly #self: { readonly id: string; readonly name: string };
  readonly #log: CallLog;
  readonly #streams: Streams;
  readonly #peers: Peers | undefined;
  readonly #routes: Routes;
  readonly #actions: boolean;
  #looked = false;
  #rounds = 0;

  constructor(kit: RoomKit, options: InspectorOptions, parts: Parts) {
    const { clock, logger, gate, maxViewers } = parts;
    const { bus, name = `${hostname()}:${process.pid}`, path = "/inspect", actions = true } = options;
    const { showWords = false, who = ({ participantId }) => participantId } = options;
    const base = mountPath(path);
    // It would take every request there is.
    if (base === "") throw new RoomKitError("invalid_option", "path is like /inspect");
    this.#kit = kit;
    this.#parts = parts;
    this.#actions = actions;
    this.#self = { id: randomId("inspector"), name: clip(name) };
    this.#log = new CallLog(kit, { clock, showWords, who });
    this.#streams = new Streams({
      ...{ clock, maxViewers },
      view: (focus) => JSON.stringify(this.#view(focus)),
      onLook: () => this.#look(),
      onRound: () => {
        if (this.#rounds++ % ROUNDS === 0) this.#peers?.look(this.#streams.focus);
      },
    });
    this.#peers =
      bus &&
      new Peers({
        ...{ bus, clock, logger, self: this.#self },
        rows: () => this.#log.rows(),
        detail: (call) => this.#log.detail(call),
        act: (call, action) => this.#act(call, action),
        onLooked: (looked) => {
          this.#looked = looked;
          this.#look();
        },
      });
    this.#routes = new Routes({
      ...{ gate, clock, logger, base, streams: this.#streams },
      loopbackOnly: options.auth === undefined,
      act: (process, call, action) =>
        process === this.#self.id
          ? this.#act(call, action)
          : (this.#peers?.command(process, call, action) ?? Promise.resolve({ ok: false, code: "unknown_process" })),
    });
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#routes.handle(request, response);
  }

  async close(): Promise<void> {
    this.#streams.close();
    this.#log.close();
    await this.#peers?.close();
  }

  #look(): void {
    this.#log.look(this.#looked || this.#streams.size > 0);
  }

  #view(focus: Focus | undefined): InspectorView {
    const { id, name } = this.#self;
    const own: ProcessView = {
      ...{ id, name, self: true, ageMs: 0, stale: false, newer: false },
      ...fitRows(this.#log.rows(), MAX_CHARACTERS),
    };
    const call =
      focus && (focus.process === id ? this.#log.detail(focus.call) : this.#peers?.detailOf(focus.process, focus.call));
    return {
      at: this.#parts.clock.wallTime(),
      processes: [own, ...(this.#peers?.views() ?? [])],
      actions: this.#actions,
      detail: focus && call && { process: focus.process, call },
    };
  }

  /** Does something to a call of this process. Never rejects. */
  async #act(call: string, action: string): Promise<ActionResult> {
    const { clock, logger } = this.#parts;
    const session = this.#log.session(call);
    if (!this.#actions) return { ok: false, code: "not_allowed" };
    if (!session) return { ok: false, code: "unknown_call" };
    const { roomId, channelId } = session;
    const kit = this.#kit;
    const does: Readonly<Record<string, () => Promise<unknown>>> = {
      // A code that clients know: the call is over, and nothing went wrong.
      end: () => kit.leave(session, "server_closed"),
      mute: () => kit.mute(roomId, channelId),
      unmute: () => kit.unmute(roomId, channelId),
      mute_output: () => kit.muteOutput(roomId, channelId),
      unmute_output: () => kit.unmuteOutput(roomId, channelId),
    };
    const doing = Object.hasOwn(does, action) ? does[action] : undefined;
    if (!doing) return { ok: false, code: "unsupported" };
    try {
      await withTimeout(doing(), ACT_MS, { clock, what: "doing what an operator asked for" });
    } catch (error) {
      return { ok: false, code: RoomKitError.from(error).code };
    }
    logger.info({ session: session.id, room: roomId, action }, "an operator acted on a call");
    return { ok: true };
  }
}
