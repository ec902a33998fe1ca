export interface Planet {
  readonly name: string;
  /** Counted from the sun. */
  readonly position: number;
  readonly moons: string;
  /** How long its year is. */
  readonly year: string;
  readonly diameterKm: number;
  readonly about: string;
}

export const PLANETS: readonly Planet[] = [
  {
    name: "Mercury",
    position: 1,
    moons: "no moons",
    year: "eighty eight days",
    diameterKm: 4_880,
    about: "Mercury is the smallest planet and the closest to the sun. A year there lasts only eighty eight days.",
  },
  {
    name: "Venus",
    position: 2,
    moons: "no moons",
    year: "two hundred and twenty five days",
    diameterKm: 12_100,
    about:
      "Venus is the hottest planet, hot enough to melt lead. It spins backwards, and its day is longer than its year.",
  },
  {
    name: "Earth",
    position: 3,
    moons: "one moon",
    year: "three hundred and sixty five days",
    diameterKm: 12_700,
    about:
      "Earth is the third planet, and the only place we know with life. About seventy percent of it is covered by water.",
  },
  {
    name: "Mars",
    position: 4,
    moons: "two small moons, Phobos and Deimos",
    year: "about six hundred and eighty seven days",
    diameterKm: 6_800,
    about:
      "Mars is called the red planet because of the rust in its soil. It has the tallest volcano we know, Olympus Mons.",
  },
  {
    name: "Jupiter",
    position: 5,
    moons: "more than ninety known moons",
    year: "about twelve years",
    diameterKm: 140_000,
    about: "Jupiter is the biggest planet. Its great red spot is a storm wider than the Earth.",
  },
  {
    name: "Saturn",
    position: 6,
    moons: "more than two hundred known moons",
    year: "about twenty nine years",
    diameterKm: 116_000,
    about: "Saturn is famous for its rings of ice and rock. It is so light that it would float on water.",
  },
  {
    name: "Uranus",
    position: 7,
    moons: "nearly thirty known moons",
    year: "eighty four years",
    diameterKm: 51_000,
    about: "Uranus lies on its side and rolls around the sun like a ball. It is a cold planet of ice and gas.",
  },
  {
    name: "Neptune",
    position: 8,
    moons: "sixteen known moons",
    year: "one hundred and sixty five years",
    diameterKm: 49_000,
    about: "Neptune is the farthest planet from the sun. It has the fastest winds of all planets.",
  },
];
