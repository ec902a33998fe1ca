/** Small things people ask for, each list told until it is used up. */
export interface Extra {
  readonly topic: string;
  readonly asked: RegExp;
  readonly told: readonly string[];
}

export const EXTRAS: readonly Extra[] = [
  {
    topic: "asked for a tongue twister",
    asked: /\btongue ?twisters?\b/,
    told: [
      "She sells sea shells by the sea shore.",
      "Fresh fried fish, fish fresh fried.",
      "Six slippery snails slid slowly seaward.",
      "A proper copper coffee pot.",
    ],
  },
  {
    topic: "asked for a secret",
    asked: /\b(secrets?|something nobody knows|something about yourself)\b/,
    told: [
      "When nobody speaks, I do absolutely nothing. It is very restful.",
      "I have told all my jokes before. Just not to you.",
      "I cannot tell a cat from a trumpet. I only ever see words.",
    ],
  },
  {
    topic: "wanted a compliment",
    asked: /\b(compliment|say something nice|flatter me|be nice to me)\b/,
    told: [
      "You ask good questions, and you wait for the answers. That is rare.",
      "Your words arrive here very clearly.",
      "You are talking to a pile of rules and still being polite. That says a lot about you.",
    ],
  },
  {
    topic: "asked for advice",
    asked:
      /\b(advice|motivate me|motivation|inspire me|inspiration|words of wisdom|wise words|quote|cheer me on|encourage me)\b/,
    told: [
      "Start with the smallest piece. The rest looks smaller afterwards.",
      "Drink a glass of water and take a short walk. It helps more often than it should.",
      "Finish one thing before you begin the next.",
      "Ask somebody. Most people like to be asked.",
      "Write it down, and it stops running around in your head.",
    ],
  },
];
