import type { IncomingHttpHeaders } from "node:http";

/** A request, or the request of an upgrade. */
export interface StandInRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

/** What every route says of itself, and all that its exchanges know of it. */
export interface RouteBase {
  /** `anthropic.messages`; faults and the log name it. */
  readonly name: string;
  readonly path: RegExp;
  /** Done once before the stand-in answers anybody (loading schemas, which takes its time). */
  readonly prepare?: (() => Promise<unknown>) | undefined;
  /** What is wrong with a request (headers, query, body); undefined when nothing is. It is then answered with 400. */
  readonly checkRequest?: ((request: StandInRequest) => Promise<string | undefined> | string | undefined) | undefined;
  /** What is wrong with a frame we are about to send: a mistake of the stand-in itself. */
  readonly checkOut?: ((frame: unknown) => Promise<string | undefined> | string | undefined) | undefined;
  /** The vendor's body for a refusal. */
  readonly errorBody?: ((status: number) => unknown) | undefined;
  /** Default frame of an `unknown-type` fault. */
  readonly unknownFrame?: unknown;
  /** Default frame of an `inband-error` fault. */
  readonly errorFrame?: unknown;
}

/** And one that serves WebSockets. */
export interface SocketRouteBase extends RouteBase {
  /** What is wrong with a JSON message of the client. */
  readonly checkIn?: ((frame: unknown) => Promise<string | undefined> | string | undefined) | undefined;
}
