import { expect, it } from "vitest";
import { LevelHistory, loudness } from "./level-history.ts";

it("draws silence as nothing and full scale as everything", () => {
  expect([-90, -60, -54, -27, 0, 6].map(loudness)).toEqual([0, 0, 0, 0.5, 1, 1]);
});

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
