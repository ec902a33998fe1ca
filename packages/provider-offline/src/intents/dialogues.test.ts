import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Caller, fullForms, provider } from "../caller.fixture.ts";
import { CURIOSITIES } from "../content/facts.ts";
import { JOKES } from "../content/jokes.ts";
import { RIDDLES } from "../content/riddles.ts";
import { STORIES } from "../content/stories.ts";
import { beginning } from "../talk/talk.ts";
import { normalize } from "../words/normalize.ts";

/** Says the lines one after the other and hears the answers, full forms. */
async function hear(lines: readonly string[], caller = new Caller()): Promise<string[]> {
  const answers: string[] = [];
  for (const line of lines) answers.push(fullForms(await caller.say(line)));
  return answers;
}

/** Each line with what its answer must be like. */
type Dialogue = readonly (readonly [said: string, answer: RegExp])[];

const DIALOGUES: Readonly<Record<string, Dialogue>> = {
  "learns a name when it asked for one, and keeps it": [
    ["hello", /your name\?/],
    ["ada", /Ada/],
    ["good thanks", /glad|good|lovely/i],
    ["what is the capital of italy", /Rome/],
    ["what's my name", /Ada/],
    ["can you spell it", /A, D, A/],
    ["bye", /Ada|Bye|Goodbye|See you|Until/],
  ],
  "takes the last name it heard": [
    ["my name is bob", /Bob/],
    ["no my name is rob", /Rob/],
    ["that's not my name", /What is your name\?/],
    ["it's ron", /Ron/],
    ["what is my name", /Ron/],
    ["forget my name", /not use it/],
    ["do you know my name", /not|yet/],
  ],
  "takes no for an answer": [
    ["hi", /your name\?/],
    ["i'd rather not say", /fine|no problem/i],
    ["hello", /again|listening|anything/],
  ],
  "does not take every word for a name": [
    ["hello", /your name\?/],
    ["what time is it", /one twenty five/],
    ["what is my name", /not told me|do not know/],
    ["i am hungry", /[.?]/],
    ["who am i", /not told me|do not know/],
  ],
  "goes on from capital to capital": [
    ["what's the capital of france", /Paris/],
    ["and germany", /Berlin/],
    ["what about spain", /Madrid/],
  ],
  "goes on from clock to clock": [
    ["what time is it", /one twenty five/],
    ["and in london", /London it is one twenty five/],
    ["what about tokyo", /Tokyo it is ten twenty five/],
  ],
  "goes on with the last result": [
    ["twelve times seven", /eighty four/],
    ["plus ten", /ninety four/],
    ["divide that by two", /forty seven/],
    ["and times two", /ninety four/],
    ["double that", /one hundred and eighty eight/],
  ],
  "knows which planet `it` is": [
    ["tell me about mars", /Mars/],
    ["how many moons does it have", /two small moons/],
    ["and jupiter", /ninety/],
    ["how big is it", /one hundred and forty thousand/],
  ],
  "repeats itself, but not its own `I said`": [
    ["what is two plus two", /four/],
    ["sorry what did you say", /^I said, .*four/],
    ["pardon", /^I said, (?!I said).*four/],
    ["can you speak up", /volume.*I said, (?!I said).*four/],
  ],
  "does again what it did": [
    ["flip a coin", /heads|tails/i],
    ["again", /heads|tails/i],
    ["roll a die", /You rolled/],
    ["one more time", /You rolled/],
    ["pick a number between five and six", /My number is (five|six)/],
    ["another one", /My number is/],
  ],
  "plays knock knock": [
    ["knock knock", /Who is there\?/],
    ["lettuce", /^Lettuce who\?$/],
    ["lettuce in it's cold out here", /one/],
  ],
  "plays rock, paper, scissors": [
    ["rock paper scissors", /Ready\?/],
    ["paper", /I have (rock|paper|scissors).*(draw|you win|I win).*again\?/],
    ["yes", /Ready\?/],
    ["um scissor", /I have (rock|paper|scissors).*(draw|you win|I win).*again\?/],
    ["no thanks", /good game|fun/],
  ],
  "tells another of what it told": [
    ["tell me a tongue twister", /\./],
    ["another one", /\./],
  ],
  "asks back, and listens": [
    ["how are you", /(And you|how about you|How are you)\?/i],
    ["good and you", /well too/],
    ["what's your favorite food", /yours\?/],
    ["pasta", /Pasta/],
  ],
  comforts: [
    ["i had a terrible day", /sorry|easy/i],
    ["i lost my keys", /[.?]/],
    ["because i am stupid", /sense|explaining|reason/],
  ],
  "can be told to stop, and goes on": [
    ["tell me a riddle", /\?/],
    ["stop", /okay|all right|fine/i],
    ["what is five plus five", /ten/],
  ],
  summarises: [
    ["call me ada", /Ada/],
    ["what time is it", /one twenty five/],
    ["tell me a joke", /./],
    ["i like cooking", /cooking/i],
    ["what did we talk about", /your name is Ada.*asked for the time.*joke.*like cooking/],
    ["what do i like", /cooking/],
    ["what was the first thing i said", /call me ada/],
    ["can you summarize again", /your name is Ada/],
  ],
};

describe("dialogues", () => {
  it.each(Object.entries(DIALOGUES))("%s", async (_name, dialogue) => {
    for (const seed of [1, 2, 3, 4]) {
      const answers = await hear(
        dialogue.map(([said]) => said),
        new Caller(provider({ random: seededRandom(seed) })),
      );
      for (const [index, [said, expected]] of dialogue.entries()) expect(answers[index], said).toMatch(expected);
    }
  });
});

describe("jokes", () => {
  it("are all told before one is told again, and then the oldest", async () => {
    const answers = await hear(Array.from({ length: JOKES.length + 2 }, () => "tell me a joke"));
    const told = answers.map((answer) => JOKES.findIndex((joke) => normalize(answer).startsWith(beginning(joke))));
    expect(new Set(told.slice(0, JOKES.length)).size).toBe(JOKES.length);
    expect(told.slice(JOKES.length)).toEqual(told.slice(0, 2));
  });

  it.each(["another one", "one more", "again", "tell me another one"])("come again at %j", async (more) => {
    const [first = "", second = ""] = await hear(["tell me a joke", more]);
    expect(JOKES.some((joke) => normalize(second).startsWith(beginning(joke)))).toBe(true);
    expect(second.slice(0, 20)).not.toBe(first.slice(0, 20));
  });
});

describe("a riddle", () => {
  const answerTo = (question: string) =>
    RIDDLES.find((riddle) => normalize(question).startsWith(beginning(riddle.question)));

  it("is solved by any right word in the guess", async () => {
    const caller = new Caller();
    const riddle = answerTo(await caller.say("ask me a riddle"));
    expect(await caller.say(`um is it a ${riddle?.answers[0]}`)).toMatch(/^(Yes|That's right), .*another riddle\?$/);
  });

  it("has a hint, survives wrong guesses and other questions, and is given up", async () => {
    const caller = new Caller();
    const riddle = answerTo(await caller.say("riddle"));
    expect(await caller.say("a zebra")).toMatch(/not quite|not it|but no/i);
    expect(await caller.say("give me a hint")).toBe(riddle?.hint);
    expect(await caller.say("is it a zeppelin")).toMatch(/not quite|not it|but no/i);
    expect(await caller.say("i give up")).toContain(riddle?.reveal);
    expect(answerTo(await caller.say("yes"))).not.toBe(riddle);
  });

  it("does not swallow what is no guess", async () => {
    const caller = new Caller();
    await caller.say("tell me a riddle");
    expect(await caller.say("what time is it")).toMatch(/one twenty five/);
  });
});

describe("a story", () => {
  const ask = /(Shall I go on|Do you want to hear more)\?$/;

  it("goes on part by part while it is wanted", async () => {
    const [first = "", second = "", third = ""] = await hear(["tell me a story", "yes please", "and then"]);
    const story = STORIES.find(({ parts }) => first.startsWith(parts[0] ?? "?"));
    expect(first).toMatch(ask);
    expect(second).toContain(fullForms(story?.parts[1] ?? "?"));
    expect(third).toContain(fullForms(story?.parts[2] ?? "?"));
    expect(third).not.toMatch(ask);
  });

  it("ends when it is not", async () => {
    const [, second = ""] = await hear(["tell me a story", "no thanks"]);
    expect(second).toMatch(/another time|instead/);
  });

  it("goes on with the sentence that was cut off", async () => {
    const caller = new Caller();
    const first = await caller.say("tell me a story");
    const [one = "", two = ""] = first.match(/[^.]+\.\s*/g) ?? [];
    // Heard to the middle of the second sentence, which therefore comes again.
    caller.interrupt(`${one}${two.slice(0, 12)}`);
    const resumed = await caller.say("(Your last answer was cut off.)\ngo on");
    expect(resumed.startsWith(two.trim())).toBe(true);
    expect(resumed).not.toContain(one.trim());
  });
});

describe("an answer that was cut off", () => {
  it("is still known by its beginning", async () => {
    const caller = new Caller();
    const joke = await caller.say("tell me a joke");
    caller.interrupt(joke.split(" ").slice(0, 6).join(" "));
    const next = await caller.say("another one");
    expect(JOKES.some((entry) => normalize(next).startsWith(beginning(entry)))).toBe(true);
    expect(next.slice(0, 15)).not.toBe(joke.slice(0, 15));
  });
});

describe("several utterances without an answer between", () => {
  it("count one by one, the last is answered", async () => {
    const [answer = ""] = await hear(["my name is ada\nwhat is my name"]);
    expect(answer).toMatch(/Ada/);
  });
});

describe("facts", () => {
  it("come again, and can be refused", async () => {
    const [first = "", second = "", third = ""] = await hear(["tell me something interesting", "another one", "no"]);
    for (const fact of [first, second])
      expect(CURIOSITIES.some((entry) => normalize(fact).startsWith(beginning(entry)))).toBe(true);
    expect(first).not.toBe(second);
    expect(third).toMatch(/all right|okay/i);
  });
});

describe("wordings", () => {
  it.each(["what is the meaning of flibber", "thank you", "how are you", "hello", "blip blop", "ok"])(
    "of the answer to %j vary",
    async (said) => {
      const answers = await hear([said, said, said]);
      expect(new Set(answers).size).toBe(3);
    },
  );
});
