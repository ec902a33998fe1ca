import { expect, it } from "vitest";
import { LevelHistory } from "./level-history.ts";

it("keeps the newest, in order, with the interruptions", () => {
  const history = new LevelHistory(3);
  history.push(0, -60);
  for (const level of [-27, -13.5, -54]) history.push(level, 0);
  history.cut();
  expect([0, 1, 2].map((age) => history.at(age))).toEqual([
    { user: 0, assistant: 1, cut: true },
    { user: 0.75, assistant: 1, cut: false },
    { user: 0.5, assistant: 1, cut: false },
  ]);
  history.clear();
  expect(history.at(0)).toEqual({ user: 0, assistant: 0, cut: false });
});
