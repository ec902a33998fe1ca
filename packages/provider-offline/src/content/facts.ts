/** What is asked for, in normalised words, and what is answered. */
export const FACTS: readonly (readonly [question: RegExp, answer: string])[] = [
  [
    /\bwho (wrote|is the author of|author(ed)?)\b.*\b(hamlet|romeo and juliet|macbeth)\b/,
    "William Shakespeare wrote it, around the year sixteen hundred.",
  ],
  [/\bwho wrote\b.*\b(odyssey|iliad)\b/, "Homer, about two thousand seven hundred years ago."],
  [/\bwho wrote\b.*\bharry potter\b/, "Harry Potter was written by J K Rowling."],
  [/\bwho wrote\b.*\b(lord of the rings|hobbit)\b/, "That was J R R Tolkien."],
  [/\bwho wrote\b.*\b(pride and prejudice|emma)\b/, "Jane Austen wrote it."],
  [/\bwho wrote\b.*\b(frankenstein)\b/, "Mary Shelley wrote Frankenstein, when she was only nineteen."],
  [
    /\bwho (painted|made|created)\b.*\b(mona lisa|last supper)\b/,
    "Leonardo da Vinci painted it, about five hundred years ago.",
  ],
  [/\bwho (painted|made)\b.*\b(starry night|sunflowers)\b/, "Vincent van Gogh painted it."],
  [
    /\bwho (composed|wrote|made)\b.*\b(ninth symphony|moonlight sonata|fur elise)\b/,
    "Ludwig van Beethoven composed it.",
  ],
  [
    /\bwho invented\b.*\b(telephone|phone)\b/,
    "Alexander Graham Bell got the patent for the telephone, in eighteen seventy six.",
  ],
  [
    /\bwho invented\b.*\b(light ?bulb)\b/,
    "Thomas Edison made the first practical light bulb, in eighteen seventy nine.",
  ],
  [
    /\bwho invented\b.*\b(world wide web|internet|web)\b/,
    "Tim Berners Lee invented the World Wide Web, in nineteen eighty nine.",
  ],
  [
    /\bwho invented\b.*\b(printing press)\b/,
    "Johannes Gutenberg built the printing press in Europe, around fourteen fifty.",
  ],
  [
    /\bwho (discovered|found)\b.*\b(penicillin)\b/,
    "Alexander Fleming discovered penicillin, in nineteen twenty eight.",
  ],
  [
    /\bwho (discovered|found)\b.*\b(gravity)\b/,
    "Isaac Newton described gravity, and the apple story may even be true.",
  ],
  [
    /\bwho (discovered|came up with|invented)\b.*\b(relativity)\b/,
    "Albert Einstein, with his papers of nineteen oh five and nineteen fifteen.",
  ],
  [
    /\b(first (man|person|human|one)|who walked|who was first)\b.*\bmoon\b/,
    "Neil Armstrong was the first person on the moon, in July nineteen sixty nine.",
  ],
  [
    /\bfirst (man|person|human)\b.*\bspace\b/,
    "Yuri Gagarin was the first person in space, in April nineteen sixty one.",
  ],
  [/\bfirst (woman)\b.*\bspace\b/, "Valentina Tereshkova was the first woman in space, in nineteen sixty three."],
  [/\b(tallest|highest|biggest) mountain\b/, "Mount Everest, at eight thousand eight hundred and forty nine meters."],
  [
    /\b(longest|biggest) river\b/,
    "The Nile is usually called the longest, at about six thousand six hundred and fifty kilometers. The Amazon is close behind.",
  ],
  [/\b(biggest|largest|deepest) ocean\b/, "The Pacific. It is bigger than all land on Earth together."],
  [/\b(biggest|largest) country in africa\b/, "Algeria is the largest country in Africa."],
  [/\b(biggest|largest) country in (south|latin) america\b/, "Brazil is the largest country in South America."],
  [/\b(biggest|largest) country in north america\b/, "Canada is the largest country in North America."],
  [/\b(biggest|largest) (country)\b/, "Russia is the largest country by area."],
  [/\b(smallest) (country)\b/, "Vatican City is the smallest country in the world."],
  [
    /\b(most people|most populous|largest population|biggest population)\b/,
    "India has the most people, about one point four billion.",
  ],
  [/\b(biggest|largest) desert\b/, "Antarctica, if you count cold deserts. The largest hot one is the Sahara."],
  [
    /\b(biggest|largest|heaviest) (animal|whale|creature)\b/,
    "The blue whale. It can grow to thirty meters, longer than two buses.",
  ],
  [
    /\b(fastest) (animal|land animal)\b/,
    "On land it is the cheetah. In a dive, the peregrine falcon is three times as fast.",
  ],
  [/\b(tallest) animal\b/, "The giraffe, at up to five and a half meters."],
  [/\b(biggest|largest) (land animal|mammal on land)\b/, "The African elephant, at about six tons."],
  [/\b(speed of light|how fast is light)\b/, "About three hundred thousand kilometers per second."],
  [
    /\b(speed of sound|how fast is sound)\b/,
    "About three hundred and forty three meters per second, in air at room temperature.",
  ],
  [/\bhow far\b.*\bmoon\b/, "The moon is about three hundred and eighty four thousand kilometers away."],
  [
    /\bhow far\b.*\bsun\b/,
    "The sun is about one hundred and fifty million kilometers away. Its light needs eight minutes to reach us.",
  ],
  [/\bhow old is the (universe)\b/, "About thirteen point eight billion years."],
  [/\bhow old is the (earth|world)\b/, "About four and a half billion years."],
  [/\bhow (big|large) is the (earth|world)\b/, "Earth is about twelve thousand seven hundred kilometers across."],
  [/\bhow many continents\b/, "Seven, in the usual count. Asia is the biggest one."],
  [/\bhow many countries\b/, "One hundred and ninety three countries are members of the United Nations."],
  [/\bhow many (people)\b.*\b(world|earth|planet)\b/, "A little more than eight billion."],
  [/\bhow many bones\b/, "An adult has two hundred and six bones. A baby has about three hundred."],
  [/\bhow many (teeth)\b/, "An adult usually has thirty two teeth."],
  [/\bhow many hearts\b.*\boctopus\b|\boctopus\b.*\bhow many hearts\b/, "An octopus has three hearts."],
  [/\bhow many legs\b.*\bspider\b/, "Eight."],
  [/\bhow many legs\b.*\b(insect|ant|bee|fly)\b/, "Six, like all insects."],
  [/\bhow many (strings)\b.*\bguitar\b/, "A guitar usually has six strings."],
  [/\bhow many (strings)\b.*\bviolin\b/, "A violin has four strings."],
  [/\bhow many keys\b.*\bpiano\b/, "Eighty eight keys."],
  [/\bhow many states\b/, "The United States has fifty states."],
  [/\bhow many players\b.*\b(soccer|football)\b/, "Eleven on each side."],
  [/\bhow many days\b.*\bleap year\b/, "Three hundred and sixty six."],
  [/\bhow many days\b.*\b(in a|a) year\b/, "Three hundred and sixty five, and one more in a leap year."],
  [/\bhow many hours\b.*\b(in a|a) week\b/, "One hundred and sixty eight."],
  [
    /\b(water boil|boiling point)\b/,
    "Water boils at one hundred degrees Celsius, or two hundred and twelve Fahrenheit.",
  ],
  [/\b(water freeze|freezing point)\b/, "Water freezes at zero degrees Celsius, or thirty two Fahrenheit."],
  [
    /\bchemical (formula|symbol)\b.*\bwater\b|\bwhat is water made of\b/,
    "Water is H two O, two parts hydrogen and one part oxygen.",
  ],
  [/\b(symbol)\b.*\bgold\b/, "The symbol of gold is A U, from its Latin name, aurum."],
  [/\b(hardest)\b.*\b(material|mineral|substance|stone|thing)\b/, "Diamond is the hardest natural material."],
  [
    /\bwhy is the sky blue\b|\bsky blue\b/,
    "Air scatters blue light more than red light, so blue comes to us from everywhere.",
  ],
  [
    /\bwhy\b.*\b(ocean|sea)\b.*\bsalty\b/,
    "Rivers wash salt out of the rocks, and the sea keeps it when the water evaporates.",
  ],
  [/\bwhy do (cats) purr\b/, "Mostly because they are content, but purring also seems to calm and heal them."],
  [
    /\bwhy do (leaves) (change|turn|fall)/,
    "In autumn trees take the green out of their leaves, and the yellow and red become visible.",
  ],
  [
    /\b(what is|define|explain|meaning of) (a )?(rainbow)\b|\bhow (is|are|does) (a )?rainbow/,
    "A rainbow is sunlight that drops of rain have bent and split into colors.",
  ],
  [
    /\b(what is|define|explain) (a )?(black hole)\b/,
    "A place where gravity is so strong that not even light gets out.",
  ],
  [
    /\b(what is|explain|define) (photosynthesis)\b/,
    "That is how plants make sugar from light, water and air. The oxygen we breathe is what is left over.",
  ],
  [
    /\b(what is|explain|define) (gravity)\b/,
    "Gravity is the pull between things that have mass. It keeps your feet on the ground and the moon with us.",
  ],
  [/\b(value of pi|what is pi|digits of pi)\b/, "Pi is about three point one four one five nine."],
  [
    /\b(meaning of life|answer to everything)\b/,
    "Some say forty two. I would say, good company and a decent conversation.",
  ],
  [
    /\b(chicken|egg) (or|and) the (egg|chicken)\b|\bcame first\b/,
    "The egg. Something that was almost a chicken laid it.",
  ],
  [
    /\bwhat (year|when) did (world war two|the second world war|world war 2) end\b|\bwhen did\b.*\b(second world war|world war (two|2|ii))\b.*\bend/,
    "It ended in nineteen forty five.",
  ],
  [/\bwhen did\b.*\b(first world war|world war (one|1|i))\b.*\bend/, "It ended in November nineteen eighteen."],
  [
    /\bwhen did\b.*\bberlin wall\b|\bberlin wall\b.*\bfall/,
    "The Berlin Wall fell on the ninth of November, nineteen eighty nine.",
  ],
  [/\bwhen did\b.*\btitanic\b|\btitanic\b.*\bsink/, "The Titanic sank in April nineteen twelve."],
  [/\bwhat (color|colour) (is|are) (the )?(bananas?)\b/, "Yellow, unless you bought them too early."],
  [
    /\bwhat (color|colour) do you get\b.*\bblue and yellow\b|\bblue and yellow\b.*\bmake/,
    "Blue and yellow paint make green.",
  ],
  [
    /\bwhat (color|colour) do you get\b.*\bred and (yellow)\b|\bred and yellow\b.*\bmake/,
    "Red and yellow paint make orange.",
  ],
  [
    /\bwhat (color|colour) do you get\b.*\bred and (blue)\b|\bred and blue\b.*\bmake/,
    "Red and blue paint make purple.",
  ],
  [
    /\b(eiffel tower)\b/,
    "The Eiffel Tower is three hundred and thirty meters tall. It has stood in Paris since eighteen eighty nine.",
  ],
  [/\btallest (building|tower)\b/, "The Burj Khalifa in Dubai, at eight hundred and twenty eight meters."],
  [/\bdeepest (point|place|trench)\b/, "The Mariana Trench in the Pacific, almost eleven kilometers deep."],
  [
    /\bfirst president of the (united states|us|usa)\b/,
    "George Washington was the first president of the United States.",
  ],
  [
    /\b(sun|moon) (bigger|larger) than\b|\bbigger the (sun|moon) or\b/,
    "The sun is far bigger, about four hundred times as wide as the moon.",
  ],
];

/** Told to somebody who wants to hear something interesting. */
export const CURIOSITIES: readonly string[] = [
  "Honey never goes bad. Jars of it from old Egyptian tombs could still be eaten.",
  "Octopuses have three hearts and blue blood.",
  "A day on Venus is longer than its year.",
  "Bananas are berries, but strawberries are not.",
  "Sea otters hold hands while they sleep, so that they do not drift apart.",
  "The Eiffel Tower is about fifteen centimeters taller in summer, because iron grows in the heat.",
  "Wombats make droppings in the shape of cubes.",
  "There are more trees on Earth than stars in our galaxy.",
  "The first telephone conversation was one sentence, and it called an assistant into the next room.",
  "A cloud can weigh five hundred tons and still float.",
  "Sharks are older than trees.",
  "Your voice sounds strange on a recording because you usually hear it through your own bones.",
  "Hot water sometimes freezes faster than cold water, and people still argue about why.",
  "Sound travels four times faster in water than in air.",
  "The shortest war in history lasted less than an hour.",
  "Cows have best friends, and they get stressed when they are apart.",
];
