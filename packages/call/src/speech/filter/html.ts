/** Elements of HTML a model writes into its text. Nothing else in angle brackets is a tag: "5 < 6", "Vec<String>". */
const INLINE =
  "a abbr b bdi bdo big blockquote body caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd label li main mark nav ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var video wbr br";
const TAGS: ReadonlySet<string> = new Set(INLINE.split(" "));
/** After which something new begins. */
const BREAKS: ReadonlySet<string> = new Set(
  "br p div li tr dd dt hr h1 h2 h3 h4 h5 h6 blockquote section header footer table ul ol".split(" "),
);
/** Whose content nobody reads. */
const UNREAD: ReadonlySet<string> = new Set(["script", "style", "template", "svg", "math", "iframe", "object"]);
/** Attributes without a value; other words after a name make it no tag: "a<b and c>d". */
const FLAGS = /^(?:disabled|checked|selected|controls|open|hidden|async|defer|reversed|autoplay|loop|muted)$/i;
const MAX_TAG = 400;
const ATTRIBUTE = /\s+([a-z_:@][\w:.-]*)(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?/gi;
const TAG = new RegExp(`^<(/?)([a-z][a-z0-9]*)((?:${ATTRIBUTE.source})*)\\s*/?>$`, "i");
const AUTOLINK = /^<(?:https?|ftp|wss?):\/\/[^\s<>]+>$/i;
const ADDRESS = /^<(?:mailto:|tel:)?((?<=:)[^\s<>@]+|[^\s<>@:/]+@[^\s<>@:/]+)>$/i;

/** What stands in angle brackets. `wait`: the text so far does not tell. */
export type Bracketed =
  | { readonly type: "none" }
  | { readonly type: "wait" }
  /** Markup of so many characters, said as `spoken`; with `until`, what follows is not read up to that. */
  | { readonly type: "markup"; readonly length: number; readonly spoken: string; readonly until?: string | undefined }
  | { readonly type: "link"; readonly length: number };

const NOTHING: Bracketed = { type: "none" };

export function bracketedAt(text: string, at: number, final: boolean): Bracketed {
  const head = text.slice(at, at + 4);
  if (head === "<!--") return { type: "markup", length: 4, spoken: "", until: "-->" };
  const end = bracketEnd(text, at);
  if (end < 0) return final ? NOTHING : { type: "wait" };
  if (end === 0) return NOTHING;
  const whole = text.slice(at, end);
  if (AUTOLINK.test(whole)) return { type: "link", length: whole.length };
  const address = ADDRESS.exec(whole)?.[1];
  if (address !== undefined) return { type: "markup", length: whole.length, spoken: address };
  const [, closing, tag = "", attributes = ""] = TAG.exec(whole) ?? [];
  for (const [, attribute = "", value] of attributes.matchAll(ATTRIBUTE)) {
    if (value === undefined && !FLAGS.test(attribute)) return NOTHING;
  }
  const name = tag.toLowerCase();
  if (UNREAD.has(name)) {
    const until = closing === "" && !whole.endsWith("/>") ? { until: `</${name}>` } : {};
    return { type: "markup", length: whole.length, spoken: "", ...until };
  }
  return TAGS.has(name) ? { type: "markup", length: whole.length, spoken: BREAKS.has(name) ? "\n" : "" } : NOTHING;
}

/** Behind the closing bracket; 0 when there is none that could close a tag or an address, -1 when the text so far does not tell. */
function bracketEnd(text: string, at: number): number {
  const next = text[at + 1];
  if (next === undefined) return -1;
  if (next === "!") return "<!--".startsWith(text.slice(at, at + 4)) ? -1 : 0;
  if (!/[\p{L}\p{N}/]/u.test(next)) return 0;
  let name: string | undefined;
  let quote = "";
  for (let i = at + 1; i < at + MAX_TAG; i++) {
    const char = text[i];
    if (char === undefined) return -1;
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === ">") return i + 1;
    else if (char === "<") return 0;
    else if ((char === '"' || char === "'") && text[i - 1] === "=") quote = char;
    else if (name === undefined && /[\s"']/.test(char)) {
      name = /^\/?([a-z0-9]*)\/?$/i.exec(text.slice(at + 1, i))?.[1]?.toLowerCase() ?? "";
      if (!TAGS.has(name) && !UNREAD.has(name)) return 0;
    }
    if (char === "\n" && text[i + 1] === "\n") return 0;
  }
  return 0;
}
