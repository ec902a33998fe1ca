/** The codes a server closes a WebSocket with. The close reason names what happened, e.g. `start_timeout`. */
export const CloseCode = {
  /** The client said `stop`, or the application ended the session. */
  NORMAL: 1000,
  /** The server is shutting down. */
  GOING_AWAY: 1001,
  /** The client broke the protocol, sent too much for too long, or was silent too long. */
  POLICY: 1008,
  /** A message was larger than allowed. */
  TOO_BIG: 1009,
  /** The application failed to make a session. */
  SERVER_ERROR: 1011,
  /** The client does not read what it is sent. */
  SLOW_CONSUMER: 1013,
  /** Authentication failed (only where no HTTP answer could say so). */
  UNAUTHORIZED: 4401,
  /** The application refuses the client; the reason is its own. */
  REFUSED: 4403,
  /** No session waits for this id. */
  UNKNOWN_SESSION: 4404,
  /** No `start` in time. */
  START_TIMEOUT: 4408,
  /** The id belongs to a live connection. */
  CONFLICT: 4409,
  /** Another connection resumed this session. */
  RESUMED_ELSEWHERE: 4410,
  /** Too many connections. */
  LIMIT_REACHED: 4429,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
