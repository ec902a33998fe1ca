import type { Skill } from "../talk/skill.ts";

const SOUNDS =
  /^(ok|okay|right|i see|uh huh|mhm|mm hmm|aha|ah|oh|got it|cool|interesting|wow|really|nice|great|good|alright|all right|sure|understood|fair enough|true|indeed|i understand|that is (interesting|nice|cool|true|right|good|great)|very (nice|good|interesting)|sounds good|makes sense|well|so|hm|yeah right|no way|oh (wow|really|okay|i see|nice|cool)|haha|ha|ha ha|hehe|lol)( (okay|ok|then|cool|nice|great|good|ha|right))*$/;

/** Small sounds of somebody who listens. */
export const acknowledge: Skill = {
  name: "acknowledge",
  answer: ({ text }, talk) => {
    if (/^(ha|haha|hehe|lol)\b/.test(text) && text.split(" ").length <= 5) {
      return talk.pick(["I am glad you are laughing.", "It is nice to hear you laugh."]);
    }
    if (
      /^(no )?(that is (it|all|everything)|nothing( else)?|nothing much|not much|not really)( thanks| thank you| for now| today)?$/.test(
        text,
      )
    ) {
      return talk.pick(["All right. Just speak when you need me.", "Okay, I am here.", "Fine, whenever you like."]);
    }
    if (/^(long time no see|oh (my god|my|no|dear|boy|man)|my goodness|good heavens)$/.test(text)) {
      return talk.pick(["Indeed. What is on your mind?", "Well. Tell me about it."]);
    }
    if (
      /^(maybe|perhaps|possibly|probably|i guess( so)?|kind of|sort of|it depends|of course not|i suppose( so)?|who knows|we will see)( not)?$/.test(
        text,
      )
    ) {
      return talk.pick([
        "I see. What would you like to do?",
        "Fair enough. What else is on your mind?",
        "All right, we can leave it open.",
      ]);
    }
    if (!SOUNDS.test(text)) return undefined;
    return talk.pick([
      "Is there anything else you would like to know?",
      "What shall we talk about next?",
      "Good. What else?",
      "I am here if you need something.",
    ]);
  },
};

/** A plain yes, no, why or more that continues nothing in particular. */
export const bareFollowUp: Skill = {
  name: "bare-follow-up",
  answer: ({ followUp }, talk) => {
    if (/\bwould a joke help$|\bhear a joke$/.test(talk.last) && followUp === "no")
      return "That is fine. I am here if you want to talk.";
    switch (followUp) {
      case "yes":
        return talk.pick([
          "Good. Go ahead, I am listening.",
          "All right, tell me more.",
          "Fine. What would you like to do?",
        ]);
      case "no":
        return talk.pick([
          "All right. Is there something else?",
          "Okay. What would you like instead?",
          "That is fine.",
        ]);
      case "why":
        return talk.pick([
          "I have no deeper reasons, I only follow my rules.",
          "Good question. The people who wrote my rules would know.",
        ]);
      case "more":
        return talk.pick([
          "More of what? A joke, a riddle, or a story?",
          "Gladly, but of what? I have jokes, facts and riddles.",
        ]);
      case "hint":
        return talk.pick([
          "Ask me for a joke, a riddle, the time, or a sum.",
          "You could ask me for a capital, or let me flip a coin.",
        ]);
      case "give-up":
        return talk.pick([
          "No problem. Shall I tell you a joke?",
          "That is all right. Ask me for help if you want ideas.",
        ]);
      default:
        return undefined;
    }
  },
};
