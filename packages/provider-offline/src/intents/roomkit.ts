import type { Skill } from "../talk/skill.ts";

const REPLIES: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /\b(latency|how fast (are|is)|how quick|delay|response time)\b/,
    [
      "The time goes into noticing that you stopped, writing down what you said, and making speech. My own part takes almost none.",
    ],
  ],
  [
    /\b(how (does|do) (this|it|the|that|you|roomkit)( call| thing| demo| all)? (work|function)|how (is|are) (this|you) (made|built|possible)|how do you (hear|understand|speak|talk|listen)|explain how (this|it) works|what happens when i (speak|talk))\b/,
    [
      "Your microphone sends sound to the server. There your words are recognized, I choose an answer, and it comes back to you as speech.",
      "The server notices when you stop speaking, turns your words into text, hands it to me, and speaks what I answer.",
    ],
  ],
  [
    /\b(speech recognition|recogni[sz]er|transcri|turn detection|barge in|voice activity|echo cancel)/,
    [
      "In this call a detector finds your speech, a recognizer writes it down, and I answer in text that is spoken to you. You can interrupt me at any time.",
    ],
  ],
  [
    /\b(which|what) (programming )?language (is|are|was|were) (this|you|it|roomkit)\b|\b(typescript|javascript|source code|open source)\b/,
    ["RoomKit is written in TypeScript, and I am one of its smaller packages."],
  ],
  [
    /\b(replace you|use (a )?(real|another|different|better) (model|one|ai)|connect (a|another) model|swap you)\b/,
    [
      "That is easy. Whoever runs this server can put a real language model in my place, and everything else stays the same.",
    ],
  ],
  [
    /\broomkit\b|\bwhat is (this|that)( thing| place| call| demo)?$|\bwhat (did i (call|reach)|am i talking to)\b|\bwhere am i\b/,
    [
      "RoomKit is a set of packages for voice conversations between people and programs. You are using it right now.",
      "RoomKit connects a browser or a phone to speech recognition, an assistant like me, and a voice. This call is made with it.",
    ],
  ],
];

/** What this is and how the call works. */
export const roomkit: Skill = {
  name: "roomkit",
  topic: "asked how this works",
  answer: ({ text }, talk) => {
    const found = REPLIES.find(([pattern]) => pattern.test(text));
    return found ? talk.pick(found[1]) : undefined;
  },
};
