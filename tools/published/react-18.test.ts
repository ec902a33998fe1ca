import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("../../packages/react/", import.meta.url));

it("@roomkit/react compiles with the types of React 18", { timeout: 120_000 }, () => {
  const { config } = ts.readConfigFile(`${folder}tsconfig.json`, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const types18 = `${folder}node_modules/@types/react-18`;
  const { rootDir: _root, tsBuildInfoFile: _info, ...others } = options;
  const program = ts.createProgram(fileNames, {
    ...others,
    composite: false,
    incremental: false,
    noEmit: true,
    customConditions: ["@roomkit/source"],
    paths: { react: [`${types18}/index.d.ts`], "react/jsx-runtime": [`${types18}/jsx-runtime.d.ts`] },
  });
  const found = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  expect(found).toEqual([]);
  const used = program.getSourceFiles().map(({ fileName }) => fileName);
  expect(used.some((name) => /@types\+react@18|react-18/.test(name))).toBe(true);
  expect(used.filter((name) => name.includes("@types+react@19"))).toEqual([]);
});
