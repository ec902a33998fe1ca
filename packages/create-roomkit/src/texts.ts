import { type Choices, labelOf, places, ways } from "./choices.ts";
import { type Manager, runCommand } from "./manager.ts";
import { chosenParts } from "./parts.ts";

/** The keys that a project wants, and where one gets them. */
function keysOf(choices: Choices): ReadonlyMap<string, string> {
  return new Map([...chosenParts(choices).values()].map(({ key, site }) => [key, site]));
}

/** The `.env.example` of a project. */
export function environmentOf(choices: Choices): string {
  const keys = [...keysOf(choices)].map(([key, site]) => `# From ${site}\n${key}=\n`);
  return `${keys.join("\n")}${keys.length > 0 ? "\n" : ""}# Where the server listens. With a HOST others can reach it: then callers need the TOKEN.
# PORT=8000
# HOST=0.0.0.0
# TOKEN=
`;
}

/** The `README.md` of a project. */
export function readmeOf(name: string, choices: Choices, manager: Manager): string {
  const { where, how } = choices;
  const next = where === "next";
  const keys = [...keysOf(choices).keys()];
  const run = (script: string): string => runCommand(manager, script);
  return `# ${name}

A server that people can talk to from a page: ${labelOf(places, where)}, ${labelOf(ways, how).toLowerCase()}, by RoomKit.

\`\`\`sh
${manager.name} install
${run("dev")}
\`\`\`

Open <http://localhost:8000> and speak English. With no key set you talk to rules, not to a language model: ask for a capital, a
joke, or what time it is.

## Commands

- \`${run("dev")}\` starts the server, again with each change
- \`${run("build")}\` compiles it into \`dist\`
- \`${run("start")}\` starts what was compiled
- \`${run("typecheck")}\` checks the types

## Files

- \`src/server.ts\`: the web server, and how it ends
- \`src/address.ts\`: where it listens, and what it says when it cannot
- \`src/assistant.ts\`: who answers, by which model, with which words
${how === "realtime" ? "- `src/local.ts`: speech to speech on this machine\n" : ""}${next ? "- `app/call.tsx`: the page's call, by `@roomkit/react`" : "- `page/`: the page, by `@roomkit/client`; `src/page.ts` bundles it"}

At \`/voice/ui/\` is another page, with levels and the times of each turn.

## Keys

${keys.length > 0 ? `Copy \`.env.example\` to \`.env\` and set ${keys.map((key) => `\`${key}\``).join(", ")}. For a key that is not set, what is on this machine stands in.` : "None is needed: recogniser and voice are on this machine. `src/assistant.ts` is the place for a vendor's."}

## For others than this machine

Set \`HOST\` and a secret \`TOKEN\` in \`.env\`: callers open \`https://.../#token=TOKEN\`. Browsers give their microphone to \`https\` only, so put a
proxy that does TLS in front.
`;
}

/** What is said when a project has been written. */
export function goodbye(
  where: { readonly name: string; readonly path: string },
  choices: Choices,
  manager: Manager,
  installed: boolean,
): string {
  const steps = [
    ...(where.path === "." ? [] : [`cd ${/\s/.test(where.path) ? `"${where.path}"` : where.path}`]),
    ...(installed ? [] : [`${manager.name} install`]),
    runCommand(manager, "dev"),
  ];
  const keys = [...keysOf(choices).keys()];
  const missing =
    keys.length > 0
      ? `\nCopy .env.example to .env and set ${keys.join(", ")}. Without, what is on this machine stands in.\n`
      : "";
  return `${where.name} is there. Next:

${steps.map((step) => `  ${step}`).join("\n")}

Then open http://localhost:8000 and speak English.
${missing}`;
}
