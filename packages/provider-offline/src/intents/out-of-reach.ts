import type { Skill } from "../talk/skill.ts";

const WISHES: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /\b(weather|forecast|(will|is) it (going to )?(rain|raining|snow|snowing|sunny|cold|warm|hot)|do i need (an |my )?umbrella|temperature (outside|today|in))\b/,
    [
      "I have no network, so I cannot see the weather. A look out of the window would be quicker.",
      "Without the internet I do not know the weather. Is it nice where you are?",
    ],
  ],
  [
    /\b(news|headlines|what happened today|stock|stocks|share price|bitcoin|exchange rate|election|president of|prime minister)\b/,
    [
      "I have no connection to the outside, so I do not know what is going on in the world.",
      "For news I would need a network, and I have none.",
    ],
  ],
  [
    /\b(who won|score of|the (game|match) (last|yesterday|today)|league|world cup|super bowl)\b/,
    ["I do not follow sports. I have no network to follow them with."],
  ],
  [
    /\b(play|put on|sing)\b.*\b(music|song|songs|radio|jazz|rock|playlist|something)\b|\bsing\b/,
    [
      "I have no music and no singing voice. I could tell you a story instead.",
      "Singing is not in my rules, luckily for you. How about a joke?",
    ],
  ],
  [
    /\b(set|start|create)\b.*\b(timer|alarm|reminder)\b|\bremind me\b|\bwake me\b|\btimer\b.*\b(minute|second|hour)s?\b/,
    ["I cannot do that in this call. Whoever runs this server can give me a tool for it."],
  ],
  [
    /\b(send|write|read|check)\b.*\b(email|mail|message|text|sms|messages)\b|\b(call|phone|dial) (my|the|a) \w+|\b(order|buy|book|reserve)\b.*\b(pizza|food|ticket|tickets|table|hotel|flight|taxi|cab|uber|room|something)\b|\b(turn|switch) (on|off)\b|\b(open|close) the (door|window|garage)\b/,
    [
      "I can only talk, I cannot do things like that. With a tool on this server I could.",
      "That is beyond me here. I would need a tool for it.",
    ],
  ],
  [
    /\b(how do i get to|directions|nearest|near me|nearby|navigate|looking for (a|the) (restaurant|hotel|doctor|shop|store|pharmacy|station|bar|cafe))\b/,
    ["I have no map and no network, so I cannot help with the way. Somebody near you might."],
  ],
  [
    /\b(search|google|look up|look it up|wikipedia|internet|online|website|browse)\b/,
    ["I cannot look things up, there is no network behind me.", "I only know what is in my own lists."],
  ],
  [
    /\b(translate|how do you say|speak (french|german|spanish|italian|chinese|japanese|russian|portuguese|dutch|arabic|hindi|turkish|polish|korean)|do you speak|what languages|which languages|other languages|parlez|sprechen|habla)\b/,
    ["I speak only English, sorry.", "English is my only language."],
  ],
  [
    /\b(should i see a doctor|medical advice|legal advice|am i (sick|dying)|emergency|suicide|kill myself|hurt myself|call (911|112|an ambulance|the police))\b/,
    [
      "I am only a small program and cannot help with that. Please talk to a person you trust, or call your local emergency number.",
    ],
  ],
];

/** What would take a network, a tool or a person: says so. */
export const outOfReach: Skill = {
  name: "out-of-reach",
  answer: ({ text }, talk) => {
    if (/^(i (really )?(like|love|hate|enjoy)|the weather is|it is (raining|snowing)) /.test(`${text} `))
      return undefined;
    const found = WISHES.find(([pattern]) => pattern.test(text));
    return found ? talk.pick(found[1]) : undefined;
  },
};
