import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');

/** A text that the code writes for people, with `…` for inserted values, or a reason as a code. */
export interface Written {
  readonly path: string;
  readonly text: string;
}

/** Arguments that are texts or reasons: of the functions that create outcomes, notes and incidents. */
const TEXT_OF: Readonly<Record<string, number>> = {
  refused: 1,
  unavailable: 1,
  unknown: 1,
  wantsNoMore: 1,
  failure: 1,
  failed: 1,
  noAnswer: 1,
  XmlProblem: 1,
  nothingToTell: 0,
  notAReply: 0,
  note: 2,
  tell: 1,
  lost: 2,
};
const REASON_OF: Readonly<Record<string, number>> = {
  refused: 0,
  unavailable: 0,
  unknown: 0,
  wantsNoMore: 0,
  failure: 0,
  failed: 0,
  noAnswer: 0,
  XmlProblem: 0,
  lost: 1,
};
/** The members and variables that hold texts. */
const TEXTS = new Set(['message', 'text', 'cause', 'error', 'why']);

const IS_SQL = /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE) /;

/** Finds these texts in the code below these folders, by their place alone. */
export function writtenTexts(folders: readonly string[]): {
  readonly texts: readonly Written[];
  readonly reasons: readonly Written[];
} {
  const texts: Written[] = [];
  const reasons: Written[] = [];
  for (const path of folders.flatMap(codeUnder)) {
    const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      for (const text of expressionsOf(node, TEXT_OF, TEXTS).flatMap(literalsOf))
        if (/[a-z]{2,} [a-z]/.test(text) && !IS_SQL.test(text)) texts.push({ path, text });
      for (const text of expressionsOf(node, REASON_OF, new Set(['reason'])).flatMap(literalsOf))
        if (/^[a-z][a-z-]*$/.test(text)) reasons.push({ path, text });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { texts, reasons };
}

function codeUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|simulator|\/contract/.test(path));
}

/** The expressions at this node that form a text of the kind. */
function expressionsOf(
  node: ts.Node,
  places: Readonly<Record<string, number>>,
  names: ReadonlySet<string>,
): readonly ts.Expression[] {
  if (ts.isPropertyAssignment(node)) return names.has(node.name.getText()) ? [node.initializer] : [];
  if (ts.isVariableDeclaration(node) && node.initializer)
    return names.has(node.name.getText()) ? [node.initializer] : [];
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
  const name = ts.isIdentifier(node.expression) ? node.expression.text : '';
  const argument = Object.hasOwn(places, name) ? node.arguments?.[places[name] as number] : undefined;
  return argument ? [argument] : [];
}

/** The possible values of an expression: a literal's text, or both ends of a choice. */
function literalsOf(node: ts.Expression): readonly string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')];
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(literalsOf);
  if (ts.isBinaryExpression(node)) return [node.left, node.right].flatMap(literalsOf);
  return ts.isParenthesizedExpression(node) ? literalsOf(node.expression) : [];
}
