/** A story in parts; after each but the last the listener is asked whether to go on. */
export interface Story {
  readonly title: string;
  readonly parts: readonly string[];
}

export const STORIES: readonly Story[] = [
  {
    title: "the lighthouse and the fog",
    parts: [
      "Once there was a small lighthouse that was afraid of the fog. Every evening it hoped the sky would stay clear.",
      "One night the fog came so thick that the lighthouse could not see its own light. Far out at sea, a little boat was looking for the harbor.",
      "The lighthouse wanted to close its eye, but it kept turning, round and round. In the morning the fisherman tied up his boat and said, I only saw a glimmer, but a glimmer was enough. The end.",
    ],
  },
  {
    title: "the fox who collected sounds",
    parts: [
      "A young fox lived at the edge of a quiet wood and collected sounds. She kept the rain on leaves, the owl at midnight, and the crackle of ice.",
      "One spring the brook dried up, and nobody in the wood could remember how it had sung. They all came to the fox and asked if she had kept it.",
      "The fox closed her eyes and hummed, and the whole wood listened. And while she hummed, the clouds came over the hill, and it began to rain. The end.",
    ],
  },
  {
    title: "the clockmaker's parrot",
    parts: [
      "An old clockmaker had a parrot that could imitate every clock in his shop. The parrot struck the hours better than the clocks did.",
      "One day the mayor came and asked for the most exact clock in town. The clockmaker was proud and sold him a beautiful one, but at noon it was the parrot that struck twelve, and the clock stayed silent.",
      "The mayor laughed and took the parrot instead. Since then the town hall has always been on time, except when somebody brings biscuits. The end.",
    ],
  },
  {
    title: "the bridge with a name",
    parts: [
      "Two villages stood on the two sides of a river, and each said the bridge belonged to them. So each gave it a different name.",
      "A little girl crossed it every day to visit her grandmother. She called it simply, the way to grandma.",
      "When the old sign fell into the river, nobody could agree on a new one. So they asked her, and that is what the sign has said ever since. The end.",
    ],
  },
];
