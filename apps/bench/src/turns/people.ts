import { loudspeakers } from "../audio/speech.ts";

/** What somebody has said by the end of a stretch of a recording, ms from its beginning. */
export interface Stretch {
  readonly file: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly text: string;
}

const austen = (part: string): string => `sense_and_sensibility_01_austen_64kb-${part}.wav`;

/** Places inside the recordings of `speech()` between two words: people who read go on there, those who think may pause. */
export const pausedPeople: readonly Stretch[] = [
  { file: "002.wav", to: 650, text: "four" },
  { file: "004.wav", to: 670, text: "five" },
  { file: "005.wav", to: 1_130, text: "eight of spades" },
  { file: "005.wav", to: 1_650, text: "eight of spades four of" },
  { file: "005.wav", to: 2_140, text: "eight of spades four of clubs" },
  { file: "goforward.raw", to: 1_150, text: "go forward" },
  { file: "something.raw", to: 1_370, text: "go somewhere and" },
  { file: "dhd.2934z.raw", to: 670, text: "two nine" },
  { file: "dhd.2934z.raw", to: 920, text: "two nine three" },
  { file: austen("0870"), to: 1_560, text: "and mister john dashwood" },
  { file: austen("0870"), to: 3_700, text: "and mister john dashwood had then leisure to consider" },
  { file: austen("0870"), to: 4_180, text: "and mister john dashwood had then leisure to consider how much" },
  {
    file: austen("0870"),
    to: 5_750,
    text: "and mister john dashwood had then leisure to consider how much there might be prudently in his",
  },
  { file: austen("0880"), to: 790, text: "he was not" },
  { file: austen("0890"), to: 2_180, text: "unless to be rather cold hearted" },
  { file: austen("0890"), to: 3_320, text: "unless to be rather cold hearted and rather selfish" },
  { file: austen("0920"), to: 2_540, text: "had he married a more amiable woman" },
  { file: austen("0920"), to: 3_230, text: "had he married a more amiable woman he might have" },
  { file: austen("0930"), to: 1_100, text: "he might even have" },
  { file: "speech_orig_16k.wav", to: 1_920, text: "the birch canoe slid on the smooth" },
  { file: "speech_orig_16k.wav", from: 2_700, to: 4_290, text: "glue the sheet to the dark" },
  { file: "speech_orig_16k.wav", from: 5_700, to: 7_020, text: "it's easy to tell the depth" },
  { file: "speech_orig_16k.wav", from: 8_000, to: 9_130, text: "four hours of" },
  { file: "hts1.raw", to: 1_360, text: "the navy attacked the" },
  { file: "hts1.raw", from: 3_200, to: 3_480, text: "the hat" },
  { file: "hts2.raw", to: 2_020, text: "these days a chicken leg is a rare" },
  { file: "hts2.raw", from: 3_250, to: 4_230, text: "the juice of lemons" },
  { file: "mmt1.raw", to: 1_810, text: "it's easy to tell the" },
];

export const finishedPeople: readonly Stretch[] = [
  { file: "001.wav", text: "ten of clubs" },
  { file: "002.wav", text: "four queen of clubs" },
  { file: "003.wav", text: "seven of clubs" },
  { file: "004.wav", text: "five five" },
  { file: "005.wav", text: "eight of spades four of clubs seven of hearts" },
  {
    file: austen("0870"),
    text: "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
  },
  {
    file: austen("0920"),
    text: "had he married a more amiable woman he might have been made still more respectable than he was",
  },
  { file: austen("0930"), text: "he might even have been made amiable himself" },
  { file: "goforward.raw", text: "go forward ten meters" },
  { file: "something.raw", text: "go somewhere and do something" },
  { file: "dhd.2934z.raw", text: "two nine three four zero" },
  { file: "speech_orig_16k.wav", to: 2_320, text: "the birch canoe slid on the smooth planks" },
  { file: "speech_orig_16k.wav", from: 2_700, to: 5_480, text: "glue the sheet to the dark blue background" },
  { file: "speech_orig_16k.wav", from: 5_700, to: 7_740, text: "it's easy to tell the depth of a well" },
  { file: "speech_orig_16k.wav", from: 8_000, text: "four hours of steady work faced us" },
  { file: "hts1.raw", to: 2_500, text: "the navy attacked the big task force" },
  { file: "hts1.raw", from: 3_200, text: "the hat brim was wide and too droopy" },
  { file: "hts2.raw", to: 2_530, text: "these days a chicken leg is a rare dish" },
  { file: "hts2.raw", from: 3_250, text: "the juice of lemons makes fine punch" },
  { file: "mmt1.raw", text: "it's easy to tell the depth of a well" },
  ...loudspeakers.map((text) => ({ file: `${text.replace(" ", "_")}.wav`, text: text.toLowerCase() })),
];
