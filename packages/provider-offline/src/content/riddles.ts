export interface Riddle {
  readonly question: string;
  /** Words of which one in a guess makes it right, normalised. */
  readonly answers: readonly string[];
  readonly hint: string;
  /** The answer as it is told. */
  readonly reveal: string;
}

export const RIDDLES: readonly Riddle[] = [
  {
    question: "What has hands but cannot clap?",
    answers: ["clock", "watch"],
    hint: "You look at it when you are late.",
    reveal: "a clock",
  },
  {
    question: "What gets wetter the more it dries?",
    answers: ["towel"],
    hint: "You use it after a shower.",
    reveal: "a towel",
  },
  {
    question: "What can travel around the world while staying in a corner?",
    answers: ["stamp"],
    hint: "It sits on an envelope.",
    reveal: "a stamp",
  },
  {
    question: "What has a neck but no head?",
    answers: ["bottle"],
    hint: "You drink from it.",
    reveal: "a bottle",
  },
  {
    question: "What goes up but never comes down?",
    answers: ["age"],
    hint: "You celebrate it once a year.",
    reveal: "your age",
  },
  {
    question: "What has many teeth but cannot bite?",
    answers: ["comb", "saw", "zipper"],
    hint: "It helps you in the morning, in front of the mirror.",
    reveal: "a comb",
  },
  {
    question: "What belongs to you, but other people use it more than you do?",
    answers: ["name"],
    hint: "Your parents gave it to you.",
    reveal: "your name",
  },
  {
    question: "What has keys but opens no door?",
    answers: ["piano", "keyboard"],
    hint: "You can play it.",
    reveal: "a piano",
  },
  {
    question: "The more you take of them, the more you leave behind. What are they?",
    answers: ["steps", "footsteps", "step", "footprints"],
    hint: "You make them when you walk.",
    reveal: "footsteps",
  },
  {
    question: "What can you catch but never throw?",
    answers: ["cold", "flu"],
    hint: "It makes you sneeze.",
    reveal: "a cold",
  },
  {
    question: "What is full of holes but still holds water?",
    answers: ["sponge"],
    hint: "You find it next to the dishes.",
    reveal: "a sponge",
  },
  {
    question: "I speak without a mouth and hear without ears. What am I?",
    answers: ["echo"],
    hint: "You meet me in the mountains.",
    reveal: "an echo",
  },
];
