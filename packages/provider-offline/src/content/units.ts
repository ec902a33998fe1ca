/** A unit: what it measures, how many base units it is, and how it is said. */
export interface Unit {
  readonly kind: "length" | "mass" | "volume" | "time" | "speed" | "area" | "data" | "temperature";
  readonly factor: number;
  readonly one: string;
  readonly many: string;
  /** Other ways to say it, normalised. */
  readonly also?: readonly string[] | undefined;
}

const unit = (kind: Unit["kind"], factor: number, one: string, many = `${one}s`, ...also: string[]): Unit => ({
  kind,
  factor,
  one,
  many,
  also,
});

export const UNITS: readonly Unit[] = [
  unit("length", 1, "meter", "meters", "metre", "metres", "m"),
  unit("length", 1_000, "kilometer", "kilometers", "kilometre", "kilometres", "km", "k m"),
  unit("length", 0.01, "centimeter", "centimeters", "centimetre", "centimetres", "cm"),
  unit("length", 0.001, "millimeter", "millimeters", "millimetre", "millimetres", "mm"),
  unit("length", 1_609.344, "mile", "miles", "mi"),
  unit("length", 0.9144, "yard"),
  unit("length", 0.3048, "foot", "feet", "ft"),
  unit("length", 0.0254, "inch", "inches"),
  unit("length", 1_852, "nautical mile"),
  unit("mass", 1, "kilogram", "kilograms", "kilo", "kilos", "kg"),
  unit("mass", 0.001, "gram", "grams", "g"),
  unit("mass", 1_000, "ton", "tons", "tonne", "tonnes"),
  unit("mass", 0.45359237, "pound", "pounds", "lb", "lbs"),
  unit("mass", 0.028349523125, "ounce", "ounces", "oz"),
  unit("mass", 6.35029318, "stone", "stones"),
  unit("volume", 1, "liter", "liters", "litre", "litres", "l"),
  unit("volume", 0.001, "milliliter", "milliliters", "millilitre", "millilitres", "ml"),
  unit("volume", 3.785411784, "gallon"),
  unit("volume", 0.473176473, "pint"),
  unit("volume", 0.946352946, "quart"),
  unit("volume", 0.2365882365, "cup"),
  unit("volume", 0.01478676478, "tablespoon"),
  unit("volume", 0.00492892159, "teaspoon"),
  unit("time", 1, "second", "seconds", "sec", "secs"),
  unit("time", 60, "minute", "minutes", "min", "mins"),
  unit("time", 3_600, "hour"),
  unit("time", 86_400, "day"),
  unit("time", 604_800, "week"),
  unit("time", 31_536_000, "year"),
  unit("speed", 1, "kilometer per hour", "kilometers per hour", "kilometers an hour", "km per hour", "k p h", "kph"),
  unit("speed", 1.609344, "mile per hour", "miles per hour", "miles an hour", "m p h", "mph"),
  unit("speed", 3.6, "meter per second", "meters per second"),
  unit("area", 1, "square meter", "square meters"),
  unit("area", 10_000, "hectare"),
  unit("area", 4_046.8564224, "acre"),
  unit("area", 1_000_000, "square kilometer", "square kilometers"),
  unit("area", 2_589_988.110336, "square mile"),
  unit("data", 1, "byte"),
  unit("data", 1_000, "kilobyte"),
  unit("data", 1_000_000, "megabyte"),
  unit("data", 1_000_000_000, "gigabyte"),
  unit("data", 1_000_000_000_000, "terabyte"),
  unit("temperature", 1, "degree Celsius", "degrees Celsius", "celsius", "centigrade", "degrees centigrade", "c"),
  unit("temperature", 5 / 9, "degree Fahrenheit", "degrees Fahrenheit", "fahrenheit", "f"),
];
