import { sayNumber, sayOrdinal, sayYear } from "./say-number.ts";

/** A moment on the wall of one time zone. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  /** `Monday`, ... */
  readonly weekday: string;
  /** 0 to 23. */
  readonly hour: number;
  readonly minute: number;
}

export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** @param timeZone an IANA name; undefined: the machine's own. @throws RangeError for a zone the platform does not know. */
export function wallTime(ms: number, timeZone: string | undefined): WallTime {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    weekday: "long",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  const parts = new Map(format.formatToParts(ms).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  return {
    year: number("year"),
    month: number("month"),
    day: number("day"),
    weekday: parts.get("weekday") ?? "",
    hour: number("hour"),
    minute: number("minute"),
  };
}

/** `two oh five in the afternoon`, `noon`, `seven o'clock in the evening`. */
export function sayTime({ hour, minute }: Pick<WallTime, "hour" | "minute">): string {
  if (minute === 0 && hour % 12 === 0) return hour === 0 ? "midnight" : "noon";
  const shown = sayNumber(hour % 12 === 0 ? 12 : hour % 12);
  const past = minute === 0 ? "o'clock" : minute < 10 ? `oh ${sayNumber(minute)}` : sayNumber(minute);
  return `${shown} ${past} ${partOfDay(hour)}`;
}

/** `November the twenty second, twenty twenty six`. */
export function sayDate({ year, month, day }: Pick<WallTime, "year" | "month" | "day">): string {
  return `${MONTHS[month - 1]} the ${sayOrdinal(day)}, ${sayYear(year)}`;
}

function partOfDay(hour: number): string {
  if (hour < 5) return "at night";
  if (hour < 12) return "in the morning";
  if (hour < 18) return "in the afternoon";
  return hour < 22 ? "in the evening" : "at night";
}
