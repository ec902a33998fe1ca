/** Facts beside a log line. Never a transcript, a reply, a key or a token. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What RoomKit logs to: pino, or anything with these four methods, fits as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Logs nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The default: warnings and errors to the console, one line each. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => console.warn(`[roomkit] ${message}`, fields),
  error: (fields, message) => console.error(`[roomkit] ${message}`, fields),
};
