import type { SpokenRun } from "@roomkit/core";

/** Collects runs: joins what is alike, lets one space be said where there are several, and says a table's bars as commas. */
export class SpeechOutput {
  #runs: SpokenRun[] = [];
  /** What was said last, for white space; begins like after a line. */
  #last = "\n";
  /** In a row of a table: what was written since the last word of it. */
  #row: { held: string; bar: boolean; said: boolean } | undefined;

  /** Text that is said as it was written. */
  say(text: string): void {
    this.unit(text, text);
  }

  /** Something that is said in other words, or nothing for no words. */
  unit(written: string, spoken: string): void {
    if (spoken === "") {
      this.skip(written);
      return;
    }
    if (this.#row) {
      const { held, bar, said } = this.#row;
      if (held !== "") this.#push({ written: held, spoken: said ? (bar ? ", " : " ") : "" });
      this.#row = { held: "", bar: false, said: true };
    }
    this.#push({ written, spoken });
    this.#last = spoken.at(-1) as string;
  }

  /** White space inside a line. */
  space(written: string): void {
    if (this.#row) this.#row.held += written;
    else if (/\s/.test(this.#last)) this.#push({ written, spoken: "" });
    else {
      this.#push({ written: written.slice(0, 1), spoken: " " });
      if (written.length > 1) this.#push({ written: written.slice(1), spoken: "" });
      this.#last = " ";
    }
  }

  newline(written: string): void {
    this.endRow();
    this.#push({ written, spoken: "\n" });
    this.#last = "\n";
  }

  /** What is only written: `opens` when it belongs to what follows. */
  skip(written: string, opens = false): void {
    if (written === "") return;
    if (this.#row) this.#row.held += written;
    else this.#push({ written, spoken: "", ...(opens ? { opens } : {}) });
  }

  /** A row of a table begins. */
  beginRow(): void {
    this.#row = { held: "", bar: false, said: false };
  }

  /** A bar between cells; false outside of a table. */
  bar(): boolean {
    if (!this.#row) return false;
    this.#row.held += "|";
    this.#row.bar = true;
    return true;
  }

  endRow(): void {
    const held = this.#row?.held ?? "";
    this.#row = undefined;
    this.skip(held);
  }

  take(): SpokenRun[] {
    const runs = this.#runs;
    this.#runs = [];
    return runs;
  }

  #push(run: SpokenRun): void {
    const last = this.#runs.at(-1);
    const same = run.written === run.spoken;
    const joins =
      last !== undefined &&
      (same ? last.written === last.spoken : run.spoken === "" && last.spoken === "" && last.opens === run.opens);
    if (!joins || !last) this.#runs.push(run);
    else
      this.#runs[this.#runs.length - 1] = {
        ...last,
        written: last.written + run.written,
        spoken: last.spoken + run.spoken,
      };
  }
}
