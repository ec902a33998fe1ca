/** Turns the decoder's token numbers into text. */
export class Detokenizer {
  readonly #texts: readonly string[];

  /** @param lines the vocabulary: one token per line, `▁` for a space, `<0x0A>` for a byte */
  constructor(lines: string) {
    this.#texts = lines.split("\n");
  }

  /** The text of the tokens; control tokens and numbers beyond the vocabulary are left out. */
  decode(tokens: readonly number[]): string {
    const bytes: number[] = [];
    const encoder = new TextEncoder();
    for (const token of tokens) {
      const text = this.#texts[token];
      if (text === undefined || token < 3) continue;
      const byte = /^<0x([0-9A-F]{2})>$/.exec(text)?.[1];
      if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
      else bytes.push(...encoder.encode(text.replaceAll("▁", " ")));
    }
    return new TextDecoder().decode(Uint8Array.from(bytes)).trim();
  }
}
