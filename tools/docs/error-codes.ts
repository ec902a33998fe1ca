import ts from "typescript";

/** What makes an error of a code, and which argument that is. */
const MAKERS: ReadonlyMap<string, number> = new Map([
  ["RoomKitError", 0],
  ["RoomKitError.from", 1],
  ["VoiceClientError", 0],
  ["VoiceClientError.from", 1],
]);

/** The literal codes a source makes errors of: written out, chosen between, in a variable, or given to a function that makes one. */
export function codesIn(file: string, text: string): string[] {
  // Most files make no error, and parsing is slow.
  if (!/RoomKitError|VoiceClientError/.test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const codes: string[] = [];
  const seen = new Set<string>();

  const callsOf = (makers: ReadonlyMap<string, number>): void => {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
        const at = makers.get(node.expression.getText());
        const code = at === undefined ? undefined : node.arguments?.[at];
        if (code) follow(code);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  };

  const follow = (node: ts.Expression): void => {
    if (ts.isStringLiteralLike(node)) codes.push(node.text);
    else if (ts.isConditionalExpression(node)) for (const each of [node.whenTrue, node.whenFalse]) follow(each);
    else if (ts.isBinaryExpression(node)) for (const each of [node.left, node.right]) follow(each);
    else if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) follow(node.expression);
    else if (ts.isIdentifier(node)) followName(node);
  };

  /** To where the nearest variable or parameter of this name is declared. */
  const followName = (name: ts.Identifier): void => {
    for (let scope: ts.Node = name; scope; scope = scope.parent) {
      const declaration = declarationIn(scope, name.text);
      if (!declaration) continue;
      const { initializer, parent } = declaration;
      const key = String(declaration.pos);
      if (seen.has(key)) return;
      seen.add(key);
      if (initializer) follow(initializer);
      if (ts.isParameter(declaration)) {
        const of = nameOf(parent);
        if (of) callsOf(new Map([[of, (parent as ts.SignatureDeclaration).parameters.indexOf(declaration)]]));
      }
      return;
    }
  };

  callsOf(MAKERS);
  return [...new Set(codes)];
}

function declarationIn(scope: ts.Node, name: string): ts.VariableDeclaration | ts.ParameterDeclaration | undefined {
  const named = ({ name: own }: ts.VariableDeclaration | ts.ParameterDeclaration): boolean => own.getText() === name;
  if (ts.isFunctionLike(scope)) return scope.parameters.find(named);
  if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) return undefined;
  return scope.statements
    .flatMap((statement) => (ts.isVariableStatement(statement) ? statement.declarationList.declarations : []))
    .find(named);
}

function nameOf(made: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(made)) return made.name?.text;
  return ts.isVariableDeclaration(made.parent) ? made.parent.name.getText() : undefined;
}

/** The codes that a page's tables explain: those whose first column is headed `code`. */
export function codesOfReadme(page: string): Set<string> {
  const codes = new Set<string>();
  for (const [table] of page.matchAll(/^\| code +\|.*\n(?:\|.*(?:\n|$))*/gm)) {
    for (const row of table.split("\n").slice(2)) {
      for (const [, code = ""] of (row.split("|")[1] ?? "").matchAll(/`([a-z0-9_]+)`/g)) codes.add(code);
    }
  }
  return codes;
}
