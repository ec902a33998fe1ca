import ts from "typescript";

/** What a log line must not carry, and where: `file:line: what`. */
export function unsafeLogLines(file: string, text: string): string[] {
  // Most files log nothing, and parsing is slow.
  if (!/(log(ger)?(\(\))?|console)\??\s*\.\s*(trace|debug|info|warn|error|fatal|log)\b/i.test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isLogCall(node)) {
      for (const part of node.arguments.flatMap((argument) => unsafeParts(argument))) {
        const { line } = source.getLineAndCharacterOfPosition(part.getStart());
        found.push(`${file}:${line + 1}: ${part.getText()} in a log line; use errorFields()`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `logger.warn(...)`, `this.#logger?.error(...)`, `options.log.info(...)`, `console.error(...)`. */
function isLogCall({ expression }: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(expression)) return false;
  if (!/^(trace|debug|info|warn|error|fatal|log)$/.test(expression.name.text)) return false;
  const owner = expression.expression;
  const name = ts.isPropertyAccessExpression(owner) ? owner.name.text : owner.getText();
  return /(^|#)(console|log)$|logger(\(\))?$/i.test(name);
}

/** Names under which errors go about. */
const ERROR = /^(e|err|error|thrown|cause|failure|exception|rejection)$|(Error|Failure)$/;

/** The errors, and the texts of errors, in an expression; what is left of one in `errorFields(error)` or `error.code` is no error. */
function unsafeParts(node: ts.Node): ts.Node[] {
  if (ts.isCallExpression(node)) {
    if (/(^|\.)errorFields$/.test(node.expression.getText())) return [];
    return [node.expression, ...node.arguments].flatMap(unsafeParts);
  }
  // What is only looked at is not carried.
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(unsafeParts);
  if (ts.isShorthandPropertyAssignment(node)) return ERROR.test(node.name.text) ? [node] : [];
  if (ts.isPropertyAssignment(node)) return unsafeParts(node.initializer);
  if (ts.isPropertyAccessExpression(node)) {
    if (/^(message|stack|cause)$/.test(node.name.text)) return [node];
    // One fact of an error; and an error that is a part of something.
    if (/^(code|name|status|kind|provider)$/.test(node.name.text)) return [];
    return ERROR.test(node.name.text) ? [node] : unsafeParts(node.expression);
  }
  if (ts.isIdentifier(node)) return ERROR.test(node.text) ? [node] : [];
  const parts: ts.Node[] = [];
  ts.forEachChild(node, (child) => void parts.push(...unsafeParts(child)));
  return parts;
}
