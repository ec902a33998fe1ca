import type { Skill } from "../talk/skill.ts";

const CHECKS =
  /\b(can you hear me|do you hear me|are you hearing me|is (this|it|the microphone|my mic|the mic|my microphone) (on|working)|mic(rophone)? (check|test)|sound check|anybody (there|home)|is (anyone|anybody|somebody|someone) (there|here|home)|do you copy)\b|^(hello |hey )?(testing|test)\b|^(hello )?(one two( three)?|1 2( 3)?)$|^(hello ){2,}/;

/** `Testing, one, two, three.` */
export const lineCheck: Skill = {
  name: "line-check",
  answer: ({ text }, talk) =>
    CHECKS.test(text)
      ? talk.pick(["Yes, I can hear you well.", "Loud and clear.", "I hear you. Go ahead."])
      : undefined,
};
