import type { Skill } from "../talk/skill.ts";
import type { Talk } from "../talk/talk.ts";

const AGAIN =
  /^(sorry |excuse me |wait |hey |no )*((can|could|would) you )?(repeat( that| it| yourself| the question| the last (part|thing|sentence))?|say (that|it)( again| one more time)?|(come|say it) again|pardon( me)?|what did you (just )?(say|ask)( to me)?|what was (that|the question)( again)?|(sorry )?i (did not|could not|can not|do not) (hear|catch|get|understand)( you| that| it| what you said)?|what|huh|excuse me|sorry|you what)( again| (once|one) more( time)?| sorry)?$/;
const LOUDER =
  /\b(loud(er|ly)|speak up|talk up|volume|turn (it|you|yourself) (up|down)|quieter|too (quiet|loud|fast|slow)|softer|slower|slow down|slowly|faster|speed up|more clearly|can not hear you|hard to hear|hardly hear)\b/;

/** Says the last answer again. */
export const repeat: Skill = {
  name: "repeat",
  verbatim: true,
  answer: ({ text }, talk) => {
    if (LOUDER.test(text))
      return `I cannot change how I sound, but your own volume control can help. ${said(talk)}`.trim();
    return AGAIN.test(text) ? again(talk) : undefined;
  },
};

/** A bare `again` that meant neither a coin nor a joke. */
export const onceMore: Skill = {
  name: "once-more",
  verbatim: true,
  answer: ({ text }, talk) => (/^(again|once again|once more|one more time)$/.test(text) ? again(talk) : undefined),
};

function again(talk: Talk): string {
  return said(talk) || "I have not said anything yet. What would you like to talk about?";
}

/** Without the words around an earlier repetition: those would pile up. */
function said(talk: Talk): string {
  const last = (talk.answers[0]?.text ?? "")
    .trim()
    .replace(/^(I said, |I can(?:not|'t) change how I sound, but your own volume control can help\. )+/, "");
  return last === "" ? "" : `I said, ${last.replace(/^I said, /, "")}`;
}
