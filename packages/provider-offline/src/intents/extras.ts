import { EXTRAS } from "../content/extras.ts";
import type { Skill } from "../talk/skill.ts";
import { recogniser } from "../talk/talk.ts";

const toldIn = recogniser(
  EXTRAS.flatMap((extra) => extra.told.map((text) => ({ extra, text }))),
  ({ text }) => text,
);

/** Tongue twisters, secrets, compliments and advice. */
export const extras: Skill = {
  name: "extras",
  topic: ({ text }) => EXTRAS.find(({ asked }) => asked.test(text))?.topic,
  answer: ({ text, followUp }, talk) => {
    const wanted =
      EXTRAS.find(({ asked }) => asked.test(text)) ??
      (followUp === "more" ? EXTRAS.find((extra) => extra === toldIn(talk.last)?.extra) : undefined);
    return wanted && talk.pick(wanted.told);
  },
};
