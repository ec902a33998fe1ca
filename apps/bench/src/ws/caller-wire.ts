/** What callers send, as bytes that are made once: the same in `load.c`. */

export const FRAME_MS = 20;
const FRAME = 160;
/** A sound of this many frames begins every so many frames. */
export const SOUND = 10;
export const PERIOD = 40;
/** Sounds are numbered, round and round. */
export const MARKS = 100;
/** Frames of silence after which a loud one begins a sound. */
export const QUIET = 3;
/** Frames that are held against the earliest of them: what is left out after a stall makes no later frame late. */
export const WINDOW = 100;
/** The least exponent of mu-law that is sound. */
const FIRST_LOUD = 3;

const KEY = [0x37, 0xfa, 0x21, 0x3d] as const;

/** A whole masked message of a client (RFC 6455, 5.2). */
function masked(opcode: number, body: Uint8Array): Uint8Array {
  const head = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 255];
  return Uint8Array.from([0x80 | opcode, ...head, ...KEY, ...body.map((byte, i) => byte ^ (KEY[i & 3] as number))]);
}

const text = (message: object): Uint8Array => masked(1, Buffer.from(JSON.stringify(message)));

/** One frame of nothing but `code`. */
const media = (code: number): Uint8Array =>
  text({ event: "media", media: { payload: Buffer.alloc(FRAME, code).toString("base64") } });

/** A digit is an exponent of mu-law and a sign: resampling to and fro leaves it what it was. */
export const symbols: readonly Uint8Array[] = Array.from({ length: 10 }, (_, digit) =>
  media(~(((digit & 1) << 7) | ((FIRST_LOUD + (digit >> 1)) << 4) | 8) & 0xff),
);
export const silence: Uint8Array = media(0xff);
export const goodbye: Uint8Array = masked(8, Uint8Array.of(0x03, 0xe8));
export const start = (name: string): Uint8Array => text({ event: "start", websocket_id: name });

/** The digit of the sound's number that its frame `at` has. */
export const digitOf = (mark: number, at: number): number => (at % 2 === 1 ? mark % 10 : Math.floor(mark / 10));

export const request = ({ pathname, host }: URL): string =>
  `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** A frame that came back: how long it is, and the digit in its middle; undefined: it is silent. */
export interface Heard {
  readonly samples: number;
  readonly digit: number | undefined;
}

const PAYLOAD = Buffer.from('"payload":"');

/** The audio of a text message, undefined where it has none. */
export function heardIn(message: Buffer): Heard | undefined {
  const from = message.indexOf(PAYLOAD) + PAYLOAD.length;
  const end = message.indexOf('"', from);
  if (from < PAYLOAD.length || end < from + 8) return undefined;
  const padding = message[end - 1] !== 61 ? 0 : message[end - 2] === 61 ? 2 : 1;
  const middle = from + ((end - from) >> 3) * 4;
  const level = ~(Buffer.from(message.toString("latin1", middle, middle + 4), "base64")[0] ?? 0xff) & 0xff;
  const exponent = (level >> 4) & 7;
  const digit = exponent < FIRST_LOUD ? undefined : (exponent - FIRST_LOUD) * 2 + (level >> 7);
  return { samples: ((end - from) / 4) * 3 - padding, digit };
}

/** Cuts what comes from a server into messages; `take` gets the opcode and the body, which is only good until it returns. */
export class Messages {
  #rest = Buffer.alloc(0);
  readonly #take: (opcode: number, body: Buffer) => void;

  constructor(take: (opcode: number, body: Buffer) => void) {
    this.#take = take;
  }

  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= 2) {
      const short = (all[at + 1] as number) & 127;
      const head = short === 126 ? 4 : 2;
      if (short === 127) throw new Error("a server sent a message of more than 64 KiB");
      if (all.length - at < head) break;
      const length = short === 126 ? all.readUInt16BE(at + 2) : short;
      if (all.length - at < head + length) break;
      this.#take((all[at] as number) & 15, all.subarray(at + head, at + head + length));
      at += head + length;
    }
    this.#rest = Buffer.from(all.subarray(at));
  }
}
