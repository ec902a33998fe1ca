/** What listeners say without wanting the floor. Every second one is of the half nothing was tuned on. */
export const backchannels: readonly string[] = [
  ...["yeah", "mm hmm", "right, okay", "uh huh", "I see", "okay", "yeah, yeah", "right", "sure", "got it"],
  ...["oh, okay", "really", "of course", "I know", "wow", "exactly", "true", "nice", "cool", "great"],
  ...["oh", "ah", "um", "yep", "okay, right", "yeah, okay", "all right", "interesting", "oh, I see", "hmm"],
];

/** What takes the floor. Every second one is of the half nothing was tuned on. */
export const interruptions: readonly string[] = [
  // What stops somebody.
  ...["stop", "wait", "no", "hold on", "hang on", "excuse me", "sorry?", "what?", "hello?", "pause"],
  ...[
    "stop it",
    "wait a minute",
    "no, no",
    "be quiet",
    "enough",
    "hey",
    "stop, please",
    "cancel",
    "pardon?",
    "shut up",
  ],
  // Answers and other short turns.
  ...["no, I meant Munich", "Munich", "tomorrow", "yes", "four", "seven people", "the second one", "next week"],
  ...["in Paris", "tell me more", "not that one", "my name is John", "thank you, that is all", "goodbye"],
  ...["start again", "speak slower", "louder please", "yes, please", "no thanks", "that's wrong"],
  // Questions and sentences, some of which begin as if somebody only listened.
  ...["what time is it?", "how far is Bonn?", "who lives there?", "can you repeat that?", "why did they move?"],
  ...["where is the Rhine?", "but what about Munich?", "I have another question", "could you say that again?"],
  ...["actually I wanted to book a table", "okay, but what about the trains?", "is that far from here?"],
  ...["right, and how much does it cost?", "yeah, but I asked about Hamburg", "well, I think that is wrong"],
  ...["so when does it open?", "hold on, I need a pen", "wait, that's not right", "stop, I know that already"],
  "um, what was the name?",
];
