import type { Skill } from "../talk/skill.ts";

const CHECKS =
  /\b(can you hear me|do you hear me|are you hearing me|is (this|it|the microphone|my mic|the mic|my microphone) (on|working)|mic(rophone)? (check|test)|sound check|is this thing on|anybody (there|home)|is (anyone|anybody|somebody|someone) (there|here|home)|do you copy)\b|^(hello |hey )?(testing|test)\b|^(hello )?(one two( three)?|1 2( 3)?)$|^(hello ){2,}|\btesting$/;

const JUST_TESTING = /\b(i am )?just (testing|trying|checking|playing)\b/;

/** `Testing, one, two, three.` */
export const lineCheck: Skill = {
  name: "line-check",
  answer: ({ text }, talk) =>
    JUST_TESTING.test(text)
      ? talk.pick([
          "Go ahead, test me. Ask for a joke, a sum or the time.",
          "You are welcome to. Try, what can you do.",
        ])
      : CHECKS.test(text)
        ? talk.pick(["Yes, I can hear you well.", "Loud and clear.", "I hear you. Go ahead."])
        : undefined,
};
