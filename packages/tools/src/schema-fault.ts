/** Keywords that hold one schema, or for `items` of old drafts a list of them. */
const ONE: ReadonlySet<string> = new Set([
  ...["additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"],
  ...["unevaluatedItems", "unevaluatedProperties"],
]);
const LISTS: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
/** Keywords that hold schemas by name. */
const MAPS: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);
const TYPES: ReadonlySet<unknown> = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);

/** What is wrong with the form of a JSON Schema, at any depth and in words for its author; undefined: nothing. */
export function schemaFault(schema: unknown): string | undefined {
  const seen = new Set<unknown>();
  const waiting: [where: string, part: unknown][] = [["parameters", schema]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [where, part] = next;
    if (typeof part === "boolean" || seen.has(part)) continue;
    if (!isObject(part)) return `${where} must be a schema, such as { type: "string" }`;
    seen.add(part);
    for (const [keyword, value] of Object.entries(part)) {
      const at = `${where}.${keyword}`;
      if (value === undefined) continue;
      if (keyword === "type" && ![value].flat().every((type) => TYPES.has(type)))
        return `${at} must be one of ${[...TYPES].join(", ")}`;
      // A list of names; a boolean beside a property was its meaning in draft 3.
      if (keyword === "required" && !isStrings(value)) return `${at} must be an array of names`;
      if (LISTS.has(keyword) && !Array.isArray(value)) return `${at} must be an array of schemas`;
      if (MAPS.has(keyword) && !isObject(value)) return `${at} must be an object of schemas`;
      if (Array.isArray(value) && (LISTS.has(keyword) || keyword === "items"))
        value.forEach((each, index) => {
          waiting.push([`${at}[${index}]`, each]);
        });
      else if (ONE.has(keyword)) waiting.push([at, value]);
      else if (MAPS.has(keyword))
        for (const [name, each] of Object.entries(value as object)) waiting.push([`${at}.${name}`, each]);
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
