/** A speech sound of the engine's US English phone set, and when it ends in the audio it was made with. */
export interface Phone {
  /** e.g. `hh`, `ax`, `l`, `ow`; `pau` for a pause. */
  readonly name: string;
  readonly endMs: number;
}

/** Reads what Flite prints with `-psdur`: `pau:0.195 dh:0.234 ...`, end times in seconds. */
export function parsePhones(printed: string): Phone[] {
  return [...printed.matchAll(/([a-z]+):(\d+(?:\.\d+)?)/g)].map((match) => ({
    name: match[1] as string,
    endMs: Number(match[2]) * 1000,
  }));
}

/** The letters that a phone is commonly written with, first letters of pairs included. */
const SPELLINGS: Readonly<Record<string, string>> = {
  aa: "oau",
  ae: "a",
  ah: "uoae",
  ao: "oau",
  aw: "ou",
  ax: "aeiouy",
  axr: "aeiour",
  ay: "iy",
  b: "b",
  ch: "ct",
  d: "d",
  dh: "t",
  eh: "ea",
  er: "eriou",
  ey: "ae",
  f: "fp",
  g: "g",
  hh: "hw",
  ih: "iey",
  iy: "eiy",
  jh: "jgd",
  k: "ckqx",
  l: "l",
  m: "m",
  n: "nk",
  ng: "n",
  ow: "o",
  oy: "o",
  p: "p",
  r: "rw",
  s: "scz",
  sh: "sct",
  t: "td",
  th: "t",
  uh: "uo",
  uw: "uoew",
  v: "vf",
  w: "wuo",
  y: "yuij",
  z: "zsx",
  zh: "szg",
};
const VOWEL_PHONE = /^[aeiou]/;
const VOWEL_LETTER = /[aeiouy]/;

/** How badly a letter stands for a phone: 0 as one would write it, up to 1.5. */
export function mismatch(letter: string, phone: string): number {
  if (SPELLINGS[phone]?.includes(letter)) return 0;
  const vowelPhone = VOWEL_PHONE.test(phone);
  if (vowelPhone !== VOWEL_LETTER.test(letter)) return 1.5;
  return vowelPhone ? 0.6 : 1.2;
}
