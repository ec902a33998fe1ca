/** A stretch of a recording, ms from its beginning; all of it without times. */
export type Cut = readonly [file: string, fromMs?: number, toMs?: number];

/** Words of somebody's: one stretch, or several of the same voice, said one after the other. */
export interface Words {
  readonly text: string;
  readonly cuts: readonly Cut[];
}

/** Folders of the recordings, by the letter that a file's name begins with here, and the rate of those without a header, Hz. */
export const folders: Readonly<Record<string, readonly [folder: string, rawRate?: number]>> = {
  "allison:": ["/usr/share/asterisk/sounds/en_US_f_Allison/"],
  "alsa:": ["/usr/share/sounds/alsa/"],
  "codec2:": ["/usr/share/codec2/raw/", 8_000],
  "wide:": ["/usr/share/codec2/raw/"],
  "cards:": ["/usr/share/pocketsphinx/test/data/cards/"],
};

const radio = "codec2:ve9qrp.raw";
const said = (text: string, ...cuts: readonly Cut[]): Words => ({ text, cuts });
const [I, SEE, O, K] = [
  ["allison:letters/i.wav", 40, 520],
  ["allison:letters/c.wav", 120, 700],
  ["allison:letters/o.wav", 40, 400],
  ["allison:letters/k.wav", 80, 620],
] as const;
const [OH, RIGHT, BRIGHT] = [
  ["allison:digits/oh.wav", 0, 560],
  ["allison:letters/ascii125.wav", 60, 500],
  ["allison:letters/ascii93.wav", 60, 470],
] as const;
const [FRONT, REAR, SIDE] = [
  ["alsa:Front_Right.wav", 860, 1_360],
  ["alsa:Rear_Right.wav", 900, 1_400],
  ["alsa:Side_Right.wav", 800, 1_240],
] as const;

/**
 * What people say without wanting the floor, as far as recordings have it: hesitations of somebody who talks freely over the radio, and words
 * like "right", "oh" and "so" cut out of what was read. Nobody says "mhm" or "yeah" in any of them. Every second one is of the half
 * nothing was tuned on.
 */
export const humanBackchannels: readonly Words[] = [
  said("uh", [radio, 13_550, 13_900]),
  said("uh", [radio, 42_130, 42_400]),
  said("uh", [radio, 44_010, 44_190]),
  said("uh", [radio, 50_390, 50_990]),
  said("uh", [radio, 60_550, 61_090]),
  said("uh", [radio, 63_100, 63_650]),
  said("uh", [radio, 65_890, 66_120]),
  said("uh", [radio, 76_730, 77_260]),
  said("uh", [radio, 83_550, 83_780]),
  said("uh", [radio, 93_740, 93_940]),
  said("uh", [radio, 102_370, 102_550]),
  said("uh", [radio, 35_430, 35_930]),
  said("uh", [radio, 72_480, 72_730]),
  said("um", [radio, 73_850, 74_170]),
  said("so", [radio, 105_020, 105_280]),
  said("so", [radio, 106_320, 106_690]),
  said("nice", [radio, 38_660, 38_990]),
  said("nice", [radio, 38_990, 39_200]),
  said("well", ["codec2:mmt1.raw", 2_480, 2_760]),
  said("well", ["wide:speech_orig_16k.wav", 7_400, 7_720]),
  said("right", FRONT),
  said("right", REAR),
  said("right", SIDE),
  said("right", RIGHT),
  said("right", BRIGHT),
  said("oh", OH),
  said("oh", O),
  said("oh", ["allison:digits/oclock.wav", 0, 190]),
  said("okay", O, K),
  said("I see", I, SEE),
  said("right, right", FRONT, REAR),
  said("right, right", SIDE, FRONT),
  said("oh, right", OH, RIGHT),
  said("oh, right", O, BRIGHT),
  said("oh, I see", OH, I, SEE),
  said("oh, okay", OH, O, K),
  said("okay, right", O, K, RIGHT),
  said("right, okay", BRIGHT, O, K),
  said("right, I see", RIGHT, I, SEE),
  said("okay, okay", O, K, O, K),
];

const allison = (file: string, text: string): Words => said(text, [`allison:${file}.wav`]);

/** What people say that takes the floor: commands, answers, questions and sentences. Every second one is of the half nothing was tuned on. */
export const humanInterruptions: readonly Words[] = [
  allison("hello", "hello"),
  allison("vm-no", "no"),
  allison("im-sorry", "I'm sorry"),
  allison("one-moment-please", "one moment, please"),
  allison("dictate/pause", "pause"),
  allison("please-try-again", "please try again"),
  allison("vm-goodbye", "goodbye"),
  allison("goodbye", "goodbye"),
  allison("auth-thankyou", "thank you"),
  allison("do-not-disturb", "do not disturb"),
  allison("cancelled", "cancelled"),
  allison("digits/4", "four"),
  allison("digits/8", "eight"),
  allison("digits/2", "two"),
  allison("digits/7", "seven"),
  allison("digits/12", "twelve"),
  allison("digits/20", "twenty"),
  allison("digits/day-1", "Monday"),
  allison("digits/day-4", "Thursday"),
  allison("digits/day-6", "Saturday"),
  allison("digits/mon-4", "May"),
  allison("digits/mon-7", "August"),
  allison("digits/tomorrow", "tomorrow"),
  allison("digits/yesterday", "yesterday"),
  allison("digits/today", "today"),
  allison("digits/p-m", "p m"),
  allison("phonetic/c_p", "Charlie"),
  allison("phonetic/h_p", "hotel"),
  allison("phonetic/o_p", "Oscar"),
  allison("phonetic/e_p", "echo"),
  allison("telephone-number", "telephone number"),
  allison("tt-somethingwrong", "something is terribly wrong"),
  allison("dictate/forhelp", "press zero for help"),
  allison("dictate/record", "record"),
  allison("pbx-transfer", "transfer"),
  allison("to-listen-to-it", "to listen to it"),
  allison("conf-errormenu", "invalid choice"),
  allison("vm-deleted", "message deleted"),
  allison("from-unknown-caller", "from an unknown caller"),
  allison("disabled", "disabled"),
  allison("vm-first", "first"),
  allison("vm-last", "last"),
  allison("vm-Friends", "friends"),
  allison("vm-Family", "family"),
  allison("sorry", "we're sorry"),
  allison("call-waiting", "call waiting"),
  allison("location", "location"),
  allison("pls-hold-while-try", "please hold while we try to connect you"),
  said("front center", ["alsa:Front_Center.wav"]),
  said("rear left", ["alsa:Rear_Left.wav"]),
  said("side left", ["alsa:Side_Left.wav"]),
  said("ten of clubs", ["cards:001.wav"]),
  said("seven of clubs", ["cards:003.wav"]),
  said("five five", ["cards:004.wav"]),
  said("they took the crosstown bus", ["codec2:cross.raw"]),
  said("don't throw trash on the street", ["codec2:forig.raw"]),
  said("that frog jumped through the weeds", ["codec2:morig.raw"]),
  said("the big dog left a tooth on the old rag doll", ["codec2:big_dog.raw"]),
  said("so back to you", [radio, 106_320, 107_580]),
  said("quite nice, nice fall day", [radio, 38_270, 39_980]),
];
