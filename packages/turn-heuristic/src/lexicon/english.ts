import type { TurnLexicon } from "./lexicon.ts";

/** Phrases written one after the other, a comma between two. */
const list = (text: string): readonly string[] =>
  text
    .split(",")
    .map((phrase) => phrase.trim().replace(/\s+/g, " "))
    .filter((phrase) => phrase !== "");

const DIGITS = "zero one two three four five six seven eight nine oh";
const TWO = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen hundred";
/** With a unit after them they are one number of two digits. */
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety double";

const counts = (words: string, digits: number): [string, number][] => words.split(" ").map((word) => [word, digits]);

export const english: TurnLexicon = {
  unfinished: {
    filler:
      list(`um, uh, uhm, umm, er, erm, ah, hm, hmm, let me see, let me think, let me check, let's see, you know, i mean, hold on,
      wait a second, wait a minute, one moment, just a moment, just a second, one second, give me a second, bear with me, how do i say,
      what's it called, what is it called, kind of, sort of, i don't know like`),
    conjunction:
      list(`and, or, but, because, since, although, though, unless, whether, while, whereas, than, if, when, whenever, as, so,
      and then, so that, such as, as well as, even if, even though, in case, provided that, as long as, as soon as, either, neither,
      not only, which, who, whom, whose, where, what, how, why, how much, how many, what kind of, except, plus, cause, until, till`),
    article:
      list(`a, an, the, every, each, another, very, quite, a very, such a, one of the, some of the, all of the, most of the,
      both of the, the next, the first, the last, the second, the same, the other, the whole, the best, a lot of, a few, a couple of,
      a new, a different, the new, too many, so many, as many, a bit of, a kind of, any other, no other, the most`),
    possessive: list(
      "in his, of his, on his, with his, for his, from his, in her, of her, on her, my, your, our, their, its, whose, his own, my own, your own, our own, their own",
    ),
    preposition:
      list(`of, to, from, with, without, for, at, by, into, onto, about, between, among, during, before, after, against,
      toward, towards, upon, via, per, under, above, behind, beside, besides, beyond, despite, through, throughout, within, like,
      regarding, concerning, instead of, because of, according to, due to, in front of, next to, close to, out of, such as, apart from,
      in the, on the, at the, to the, of the, for the, from the, with the, up to, as of`),
    auxiliary:
      list(`is, are, was, were, am, be, been, being, has, have, had, do, does, did, will, would, shall, should, can, could, may,
      might, must, i'm, you're, we're, they're, he's, she's, it's, that's, there's, i'll, you'll, we'll, they'll, it'll, i'd, you'd, we'd,
      they'd, i've, you've, we've, they've, what's, who's, where's, how's, going to, want to, have to, need to, used to, able to, trying to,
      supposed to, like to, love to, is it, is there, are there, there is, there are, here is, this is, that is, it is, isn't, aren't,
      wasn't, weren't, haven't, hasn't, hadn't, won't, wouldn't, shouldn't, couldn't, mustn't, will be, would be, should be, can be, to be,
      is going, are going, has been, have been`),
    opening:
      list(`i would like, i'd like, i want, i need, we need, we want, we would like, we'd like, i would like to know,
      i'd like to know, i want to know, i wanted to know, i would love, i was wondering, i am wondering, i'm wondering, i wonder,
      i was wondering if, i am calling, i'm calling about, i am looking, i'm looking, i think, i think that, i thought, i believe,
      i guess, i suppose, i hope, i feel, i mean that, i heard, i heard that, i was thinking, i was told, it seems, it looks, do you have,
      do you know, do you think, have you got, is there any, are there any, can you, could you, would you, will you, can i, could i,
      may i, should i, shall we, can we, could we, do i, do we, are you, did you, does it, is it possible, can you tell me, can you tell,
      could you tell me, can you please, could you please, would you please, can you give me, could you give me, can you help me with,
      can you show me, could you show me, tell me, tell me about, repeat after me, say after me, show me, give me, let me, let's, please tell me, remind me, my name is,
      my number is, my email is, my address is, the number is, the address is, the code is, the problem is, the thing is, the point is,
      what i want is, what i mean is, the question is, my question is, i have a question about, we were thinking, maybe we could,
      maybe i could, i have to, i want to, i need to, i would like to, i'd like to, first of all, on the one hand, for example,
      for instance, in order to, in addition, by the way, in fact, at the moment i, the reason is, how about, what about, would it be,
      would you mind, i, he, she, we, they, i just wanted, i just want, i was going, i've been, i have been, i used, to book, to change, to find, to get, to make,
      to buy, to know, to see if, to ask, to ask about, to order, to send, to put, to give, to bring, to take, to tell you, to talk about`),
  },
  either:
    list(`that, this, these, those, some, any, all, more, most, less, other, others, not, in, on, off, up, down, over, out, around,
      back, away, her, his, only, just, also, really, actually, maybe, probably, then, first, second, next, last, new, both, many,
      much, few, enough, want, need, have, think, know, say, said, says, called, named, get, like this, like that, want it, so far,
      almost, always, usually, sometimes, especially, basically, literally, looking, going, trying, thinking, calling, using, having,
      making, getting, asking, telling, mister, mrs, doctor, saint, mr, dr`),
  closing:
    list(`please, thanks, thank you, thank you very much, thanks a lot, bye, goodbye, bye bye, that's all, that's it, that is all,
      that was all, that will be all, that's everything, nothing else, nothing more, right, okay, ok, correct, exactly, of course,
      tomorrow, today, tonight, yesterday, now, right now, again, here, there, too, as well, either way, instead, anymore, already, yet,
      soon, later, ever, once, anyway, though, it, me, them, us, him, myself, yourself, everything, anything, nothing, something, someone,
      anyone, everyone, nobody, am, pm, a.m, p.m, o'clock, percent, dollars, euros, pounds, minutes, hours, days, weeks, months, years,
      this week, next week, last week, this morning, this afternoon, this evening, in the morning, in the afternoon, in the evening,
      at night, at home, at work, at all, isn't it, aren't you, don't you, doesn't it, won't you, if possible, if you can, if you could,
      for me, with me, to me, for you, with you, to you, for us, about it, for it, with it, of it, turn it on, turn it off, the light on,
      the lights on, the light off, the lights off, the first one, the second one, the last one, the other one, this one, that one`),
  answers: list(`yes, no, please, thank you very much, thanks a lot, that's all, that's it, that is all, that was all,
      that will be all, nothing else, nothing more, bye bye, yeah, yep, yup, nope, nah, sure, okay, ok, right, correct, exactly, absolutely, definitely, certainly, perfect,
      great, good, fine, alright, all right, of course, no thanks, no thank you, yes please, yes thanks, yes thank you, thanks, thank you,
      maybe, never, always, nothing, none, neither, both, either, not really, not yet, not sure, not now, i'm not sure, i don't know,
      no idea, i think so, i don't think so, i hope so, i guess so, that's right, that's correct, that's fine, that's wrong, that works,
      sounds good, go ahead, got it, i see, i understand, me too, you too, same here, hello, hi, hey, hi there, hello there, good morning,
      good afternoon, good evening, good night, how are you, bye, goodbye, see you, see you later, stop, cancel, help, repeat, continue,
      pause, resume, next, back, quit, exit, louder, quieter, slower, faster, wait, again, what, why, who, when, where, how, which, which one,
      pardon, sorry, excuse me, what's that, say that again, come again, really, why not, how so, how come, how much, how many, how long,
      mhm, mm-hmm, uh-huh, uh huh, nuh uh, it depends, i do, i am, i can, i will, i have, i did, yes i do, yes i am, no i'm not, no i don't,
      yes it is, no it isn't, it is, it's not, please do, please don't, let's go, let's do it, do it, forget it, never mind, this one,
      that one, not at all, as soon as possible, all of them, none of them, both of them, the first one, the second one, the last one`),
  leads:
    list(`well, so, okay, ok, um, uh, er, hm, hmm, ah, oh, yes, no, yeah, hi, hello, hey, good morning, good afternoon, good evening,
      hi there, hello there, hey there, actually, please, and, but, right, great, thanks, thank you, excuse me, sorry, listen, now, then,
      alright, all right, just, also, maybe, i mean, you know, then, look`),
  questions:
    list(`what, what's, when, when's, where, where's, who, who's, whose, why, how, how's, which, is, are, was, were, am i, do, does,
      did, have you, has, had, can, could, would, will, shall, should, may i, might, isn't, aren't, don't, doesn't, didn't, can't, couldn't,
      wouldn't, won't, shouldn't, at what, in which, for how, on which, from where, since when`),
  interrogatives: list("what, who, where, how, when, why, which, whose"),
  copulas: list("is, are, was, were, am"),
  stranded: list("for, from, about, to, with, at, like"),
  commands:
    list(`play, open, close, start, stop, turn, switch, set, call, send, show, tell, give, find, book, cancel, change, read, repeat,
      add, remove, delete, remind, wake, put, bring, take, order, buy, make, help, go, come, let, translate, explain, check, look, connect,
      transfer, forget, speak, talk, write, schedule, move, increase, decrease, skip, pause, continue, describe, list, compare, i'll take`),
  subordinate: list(
    "when i, when we, when you, when he, when she, when they, when the, when my, what i, where i, because, if, although, unless, while, once, whenever, as soon as, as long as, even if, even though, in case, whether, given that",
  ),
  pronouns: list("i, you, he, she, it, we, they, there, that, this"),
  negations: list("no, not, don't, do not, none, haven't, can't, cannot, won't, never, isn't, nope"),
  numbers: Object.fromEntries([
    ...counts(DIGITS, 1),
    ...counts(TWO, 2),
    ...counts(TENS, 1),
    ["triple", 2],
    ["thousand", 3],
  ]),
  spelling:
    list(`alpha, alfa, bravo, charlie, delta, echo, foxtrot, golf, hotel, india, juliet, juliett, kilo, lima, mike, november, oscar,
      papa, quebec, romeo, sierra, tango, uniform, victor, whiskey, whisky, x-ray, xray, yankee, zulu, double, triple, dash, hyphen, dot,
      point, underscore, slash, capital, lowercase, uppercase, space, plus, apostrophe, zed, zee`),
  asIn: list("as in, like in, for, like"),
  beforeAmounts: list(
    "at, around, about, by, until, till, before, after, past, in, for, since, of, than, and, or, between",
  ),
  asks: {
    digits:
      list(`number, digits, code, pin, zip, postcode, postal code, date of birth, birthday, birth date, extension, account, card,
      reference, policy, phone, telephone, mobile, cell, serial, area code, how many digits`),
    email: list("email, e-mail, mail address, email is, email address is"),
    spelling: list(
      "spell, spelling, letter by letter, letters, license plate, licence plate, confirmation code, booking code, booking reference",
    ),
    name: list(
      "your name, full name, first name, last name, surname, first and last name, who am i speaking, who is calling",
    ),
    address: list(
      "address, where do you live, which street, what street, where should we deliver, where should i send",
    ),
  },
  lengths: {
    "zip code": [5, 9],
    zip: [5, 9],
    pin: [4, 6],
    "phone number": [10, 11],
    phone: [10, 11],
    telephone: [10, 11],
    mobile: [10, 11],
    "area code": [3],
    "security code": [3, 4],
    "card number": [15, 16],
    "social security": [9],
    "date of birth": [6, 8],
    "two digit": [2],
    "three digit": [3],
    "four digit": [4],
    "five digit": [5],
    "six digit": [6],
    "seven digit": [7],
    "eight digit": [8],
    "nine digit": [9],
    "ten digit": [10],
    "last four": [4],
    "four digits": [4],
    "five digits": [5],
    "six digits": [6],
    "eight digits": [8],
    "ten digits": [10],
  },
};
