import { createRequire } from "node:module";
import { join } from "node:path";
import { findSdk } from "../../schemas/sdk.ts";

interface Serializer {
  parse(value: unknown): {
    readonly ok: boolean;
    readonly errors?: readonly { readonly path: readonly string[]; readonly message: string }[] | undefined;
  };
}

const SDK = "@elevenlabs/elevenlabs-js";
const loaded = new Map<string, Serializer>();

/**
 * What is wrong with a value as the SDK would read it: it must fit one of these serializers (`types/SendText`). They are loaded one
 * by one, which takes a tenth of a second; the SDK as a whole takes several. Null counts as absent, as in what the vendor sends.
 */
export function misfit(value: unknown, ...files: readonly string[]): string | undefined {
  let complaint = "";
  for (const file of files) {
    const { ok, errors = [] } = serializer(file).parse(withoutNulls(value));
    if (ok) return undefined;
    const [first] = errors;
    complaint ||= `not a ${file}: ${first?.path.join(".") ?? ""} ${first?.message ?? ""}`;
  }
  return complaint;
}

function serializer(file: string): Serializer {
  const known = loaded.get(file);
  if (known) return known;
  const { folder } = findSdk(SDK);
  const exported = createRequire(join(folder, "package.json"))(join(folder, "serialization", `${file}.js`)) as Record<
    string,
    Serializer
  >;
  const found = exported[file.slice(file.lastIndexOf("/") + 1)] as Serializer;
  loaded.set(file, found);
  return found;
}

function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, each: unknown) => (each === null ? undefined : each)));
}
