import { blankSourceFile } from 'ts-blank-space';
import ts from 'typescript';

/**
 * The JavaScript of a source file. Types become blanks, so every line and column of an error is that of the source.
 *
 * @throws Error with the line of syntax that has no JavaScript form
 */
export function compile(source, text) {
  const file = ts.createSourceFile(source, text, { languageVersion: ts.ScriptTarget.ESNext }, false);
  const lineOf = (node) => file.getLineAndCharacterOfPosition(node.pos).line + 1;
  const script = blankSourceFile(file, (node) => {
    throw new Error(`${source}:${lineOf(node)} has syntax that types alone do not explain (erasableSyntaxOnly)`);
  });
  let compiled = '';
  let done = 0;
  for (const { text: specifier, end } of specifiersOf(file)) {
    // A type import is blank by now. Before the closing quote stands `ts`.
    if (!/^\.{1,2}\/.*\.ts$/.test(specifier) || script.slice(end - 3, end - 1) !== 'ts') continue;
    compiled += `${script.slice(done, end - 3)}js`;
    done = end - 1;
  }
  return compiled + script.slice(done);
}

/** Module names in import and export declarations and in `import()`, in their order. */
function specifiersOf(file) {
  const found = [];
  const visit = (node) => {
    const isImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const specifier = isImport ? node.arguments[0] : node.moduleSpecifier;
    if (specifier && ts.isStringLiteralLike(specifier)) found.push(specifier);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
