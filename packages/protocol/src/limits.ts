/** What a parser lets through. Every value is an upper bound, inclusive. */
export interface MessageLimits {
  /** Length of one message: UTF-8 bytes of a binary message, UTF-16 units of a text. Checked before anything is parsed or decoded. */
  readonly maxMessageBytes: number;
  /** How deeply arrays and objects may nest. */
  readonly maxDepth: number;
  /** Characters of a `text` message and of other free text from a client. */
  readonly maxTextLength: number;
}

/** The limits used when none are given. */
export const defaultLimits: MessageLimits = {
  maxMessageBytes: 256 * 1024,
  maxDepth: 16,
  maxTextLength: 8_192,
};
