import type { Skill } from "../talk/skill.ts";
import { sayCount, sayYear } from "../words/say-number.ts";
import { MONTHS, sayDate, type WallTime, wallTime } from "../words/say-time.ts";

const DAY_MS = 86_400_000;
const ASKS =
  /\b(what|which|tell me|know|is the)\b.*\b(date|day of the week|weekday|day is|month|year)\b|\b(todays date|date today|what day|which day|current date|the date)\b/;
const NOT_ASKED = /\b(birthday|when did|how was|your day|my day|a day|one day|independence|rainy)\b/;

const HOLIDAYS: readonly (readonly [pattern: RegExp, name: string, month: number, day: number])[] = [
  [/christmas eve/, "Christmas Eve", 12, 24],
  [/christmas|xmas/, "Christmas", 12, 25],
  [/new years eve/, "New Year's Eve", 12, 31],
  [/new year/, "New Year", 1, 1],
  [/halloween/, "Halloween", 10, 31],
  [/valentine/, "Valentine's Day", 2, 14],
  [/april fools/, "April Fools' Day", 4, 1],
  [/saint patrick|st patrick/, "Saint Patrick's Day", 3, 17],
];

/** Tells the date, the day of the week, and how far away a holiday is. */
export const calendar: Skill = {
  name: "calendar",
  topic: "asked for the date",
  answer: ({ text }, talk) => {
    // The calendar of the platform is slow to ask; most utterances have no use for it.
    if (!ASKS.test(text) && !HOLIDAYS.some(([holiday]) => holiday.test(text))) return undefined;
    const today = wallTime(talk.world.now, talk.world.timeZone);
    const until = untilHoliday(text, today);
    if (until) return until;
    if (!ASKS.test(text) || NOT_ASKED.test(text)) return undefined;
    const shift = /\bday after tomorrow\b/.test(text)
      ? 2
      : /\btomorrow\b/.test(text)
        ? 1
        : /\byesterday\b/.test(text)
          ? -1
          : 0;
    const date = shifted(today, shift);
    const verb = shift > 0 ? "will be" : shift < 0 ? "was" : "is";
    const when =
      shift === 2 ? "The day after tomorrow" : shift === 1 ? "Tomorrow" : shift === -1 ? "Yesterday" : "Today";
    if (/\bmonth\b/.test(text) && shift === 0) return `It is ${MONTHS[today.month - 1]}.`;
    if (/\byear\b/.test(text) && shift === 0) return `It is the year ${sayYear(today.year)}.`;
    if (/\b(date)\b/.test(text)) return `${when} ${verb} ${date.weekday}, ${sayDate(date)}.`;
    return `${when} ${verb} ${date.weekday}.`;
  },
};

function shifted(today: WallTime, days: number): WallTime {
  return wallTime(Date.UTC(today.year, today.month - 1, today.day) + days * DAY_MS, "UTC");
}

function untilHoliday(text: string, today: WallTime): string | undefined {
  const holidayAsked =
    /\b(what (day|date)|which day|when is|what day of the week)\b/.test(text) &&
    !/\b(how many|until|till)\b/.test(text);
  if (!holidayAsked && !/\b(how (many (days|weeks)|long|far)|when is|days (until|till|to)|count ?down to)\b/.test(text))
    return undefined;
  const holiday = HOLIDAYS.find(([pattern]) => pattern.test(text));
  if (!holiday) return undefined;
  const [, name, month, day] = holiday;
  const midnight = Date.UTC(today.year, today.month - 1, today.day);
  const thisYear = Date.UTC(today.year, month - 1, day);
  const next = thisYear >= midnight ? thisYear : Date.UTC(today.year + 1, month - 1, day);
  const days = Math.round((next - midnight) / DAY_MS);
  if (days === 0) return `${name} is today.`;
  if (holidayAsked) return `${name} is on a ${wallTime(next, "UTC").weekday}, in ${sayCount(days, "day")}.`;
  return `It is ${sayCount(days, "day")} until ${name}.`;
}
