import { gradedDecision, type TurnDetector } from "@roomkit/core";
import type { Table } from "../measure/report.ts";
import { ASKED_AFTER_MS, type Moments } from "./material.ts";
import { scoreOf } from "./score.ts";

/** How likely a turn is over, from what the heuristic and the model say. */
type Rule = (heuristic: number, model: number) => number;

const logit = (p: number): number => Math.log(p / (1 - p));
const odds = (heuristic: number, model: number, share: number): number => {
  const [h, m] = [heuristic, model].map((p) => logit(Math.min(0.98, Math.max(0.02, p)))) as [number, number];
  return 1 / (1 + Math.exp(-h - share * m));
};
const sharing =
  (share: number): Rule =>
  (h, m) =>
    h <= 0.25 ? h : odds(h, m, share);

const rules: Readonly<Record<string, Rule>> = {
  "the heuristic alone": (h) => h,
  "the model alone": (_, m) => m,
  "the model with 0.2 of its odds, the heuristic alone up to 0.25": sharing(0.2),
  "the same with 0.35": sharing(0.35),
  "the same with 0.5": sharing(0.5),
  "the same with 1": sharing(1),
  "with 0.5, the heuristic nowhere alone": (h, m) => odds(h, m, 0.5),
  "with 0.5, the heuristic alone from 0.85 on as well": (h, m) => (h >= 0.85 ? h : sharing(0.5)(h, m)),
};

/** What other rules would make of the same moments: the table that the rule of `smartTurns` rests on. */
export async function rulesTable(
  materials: readonly Moments[],
  heuristic: TurnDetector,
  model: TurnDetector,
): Promise<Table> {
  const { signal } = new AbortController();
  const heard: {
    readonly moments: Moments["moments"];
    readonly likely: readonly (readonly [h: number, m: number])[];
  }[] = [];
  for (const { moments } of materials) {
    const likely: (readonly [h: number, m: number])[] = [];
    for (const { context } of moments) {
      const [h, m] = [await heuristic.evaluate(context, { signal }), await model.evaluate(context, { signal })];
      likely.push([h.confidence, m.confidence]);
    }
    heard.push({ moments, likely });
  }
  const rows = Object.entries(rules).map(([name, rule]) => [
    name,
    ...heard.flatMap(({ moments, likely }) => {
      const score = scoreOf(
        moments.map(({ context, pauseMs }, i) => {
          const { complete, waitMs = 0 } = gradedDecision(
            rule(...(likely[i] as readonly [number, number])),
            context,
            "rule",
          );
          return { pauseMs, answeredAt: ASKED_AFTER_MS + (complete ? 0 : waitMs) };
        }),
      );
      return [score.falseCuts, Math.round(score.waits.reduce((sum, ms) => sum + ms, 0) / score.waits.length)];
    }),
  ]);
  return {
    title: "rules for the two together",
    head: ["rule", ...materials.flatMap(({ voices }) => [`${voices}: false cuts`, "mean wait, ms"])],
    rows,
  };
}
