import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import type ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');
/** An imported CommonJS module is a proxy in tests. For each node of each file that took 4 s of 7. */
const parser = createRequire(import.meta.url)('typescript') as typeof ts;

export interface Import {
  /** As written in the source. */
  readonly specifier: string;
  /** A file of ours from the root, `npm:<package>` or `node:<module>`. */
  readonly target: string;
  readonly typesOnly: boolean;
  readonly line: number;
}

/** An expression found in a file. */
export interface Found {
  readonly text: string;
  readonly line: number;
}

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** `a.b.c`, `a.b[]` and `a()` of plain names, and `new Date()` without an argument. */
  readonly uses: readonly Found[];
  readonly texts: readonly Found[];
  /** Spreads into an object that leave out a member under a condition: `...(x && { x })`, `...(x ? { x } : {})`. */
  readonly conditionalSpreads: readonly Found[];
  /** Spreads of an object's literal, `...{ a, b }`: the compiler checks no name in it. */
  readonly literalSpreads: readonly Found[];
  /** Each function, by its first line, with its length in lines. */
  readonly functions: readonly (Found & { readonly lines: number })[];
  /** The line of the default export. */
  readonly defaultExport: number | undefined;
  /** Whether it only re-exports what other files export. */
  readonly isBarrel: boolean;
}

/** The source files under a folder of the repository, read with TypeScript's parser: comments do not count. */
export function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => /\.[mc]?[jt]s$/.test(path) && !path.includes('node_modules/'))
    .sort()
    .map(sourceFile);
}

/** All files under any folder, by their paths in it, with slashes. */
export function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      posix.join(entry.parentPath.slice(folder.length).replaceAll('\\', '/'), entry.name).replace(/^\//, ''),
    )
    .sort();
}

/** The folders under a folder, including it. */
export function foldersUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => posix.join(entry.parentPath.slice(ROOT.length + 1).replaceAll('\\', '/'), entry.name));
}

/** One source file, by its path from the root. */
export function sourceFile(path: string): SourceFile {
  const source = parser.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), parser.ScriptTarget.Latest);
  const imports: Import[] = [];
  const uses: Found[] = [];
  const texts: Found[] = [];
  const conditionalSpreads: Found[] = [];
  const literalSpreads: Found[] = [];
  const functions: SourceFile['functions'][number][] = [];
  let defaultExport: number | undefined;
  const lineOf = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node: ts.Node): void => {
    const imported = importOf(node);
    if (imported) imports.push({ ...imported, target: resolve(path, imported.specifier), line: lineOf(node) });
    const use = useOf(node);
    if (use) uses.push({ text: use, line: lineOf(node) });
    if (parser.isStringLiteralLike(node)) texts.push({ text: node.text, line: lineOf(node) });
    if (isConditionalSpread(node))
      conditionalSpreads.push({ text: node.getText(source).slice(0, 80), line: lineOf(node) });
    if (parser.isSpreadAssignment(node) && parser.isObjectLiteralExpression(node.expression))
      literalSpreads.push({ text: node.getText(source).slice(0, 80), line: lineOf(node) });
    if (parser.isFunctionLike(node) && 'body' in node && node.body) {
      const line = lineOf(node);
      const end = source.getLineAndCharacterOfPosition(node.end).line + 1;
      functions.push({ text: node.getText(source).split('\n', 1)[0] as string, line, lines: end - line + 1 });
    }
    if (isDefaultExport(node)) defaultExport = lineOf(node);
    parser.forEachChild(node, visit);
  };
  parser.forEachChild(source, visit);
  const isBarrel = source.statements.some(isReExport) && source.statements.every(isReExport);
  return { path, imports, uses, texts, conditionalSpreads, literalSpreads, functions, defaultExport, isBarrel };
}

function importOf(node: ts.Node): { specifier: string; typesOnly: boolean } | undefined {
  if (parser.isImportDeclaration(node)) {
    const { moduleSpecifier, importClause: clause } = node;
    const names = clause?.namedBindings;
    const onlyTypeNames = !clause?.name && names && parser.isNamedImports(names) && areTypes(names.elements);
    return { specifier: textOf(moduleSpecifier), typesOnly: clause?.isTypeOnly || onlyTypeNames || false };
  }
  if (parser.isExportDeclaration(node) && node.moduleSpecifier) {
    const names = node.exportClause;
    const onlyTypeNames = names && parser.isNamedExports(names) && areTypes(names.elements);
    return { specifier: textOf(node.moduleSpecifier), typesOnly: node.isTypeOnly || onlyTypeNames || false };
  }
  if (parser.isImportTypeNode(node) && parser.isLiteralTypeNode(node.argument))
    return { specifier: textOf(node.argument.literal), typesOnly: true };
  if (!parser.isCallExpression(node) || node.expression.kind !== parser.SyntaxKind.ImportKeyword) return undefined;
  const [what] = node.arguments;
  return what && parser.isStringLiteralLike(what) ? { specifier: what.text, typesOnly: false } : undefined;
}

function areTypes(names: readonly { readonly isTypeOnly: boolean }[]): boolean {
  return names.length > 0 && names.every((name) => name.isTypeOnly);
}

function textOf(node: ts.Node): string {
  return parser.isStringLiteralLike(node) ? node.text : '';
}

const { imports: aliases } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  imports: Readonly<Record<string, string>>;
};

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  for (const [alias, target] of Object.entries(aliases)) {
    const [before, after] = alias.split('*') as [string, string | undefined];
    if (after === undefined ? specifier === alias : specifier.startsWith(before))
      return posix.normalize(target.replace('*', specifier.slice(before.length)));
  }
  if (/^(?:node:|\/|file:)/.test(specifier)) return specifier;
  return `npm:${specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')}`;
}

function useOf(node: ts.Node): string | undefined {
  if (parser.isNewExpression(node))
    return dotted(node.expression) === 'Date' && !node.arguments?.length ? 'new Date()' : undefined;
  if (parser.isCallExpression(node))
    return parser.isIdentifier(node.expression) ? `${node.expression.text}()` : undefined;
  if (parser.isElementAccessExpression(node)) return suffixed(dotted(node.expression), '[]');
  return parser.isPropertyAccessExpression(node) ? dotted(node) : undefined;
}

/** `a.b.c` of plain names. */
function dotted(node: ts.Node): string | undefined {
  if (parser.isIdentifier(node)) return node.text;
  return parser.isPropertyAccessExpression(node) ? suffixed(dotted(node.expression), `.${node.name.text}`) : undefined;
}

function suffixed(name: string | undefined, suffix: string): string | undefined {
  return name === undefined ? undefined : name + suffix;
}

function isConditionalSpread(node: ts.Node): boolean {
  if (!parser.isSpreadAssignment(node)) return false;
  const spread = inner(node.expression);
  if (parser.isBinaryExpression(spread)) return spread.operatorToken.kind === parser.SyntaxKind.AmpersandAmpersandToken;
  if (!parser.isConditionalExpression(spread)) return false;
  return [spread.whenTrue, spread.whenFalse]
    .map(inner)
    .some((one) => parser.isObjectLiteralExpression(one) || (parser.isIdentifier(one) && one.text === 'undefined'));
}

function inner(node: ts.Expression): ts.Expression {
  return parser.isParenthesizedExpression(node) ? inner(node.expression) : node;
}

function isDefaultExport(node: ts.Node): boolean {
  if (parser.isExportAssignment(node)) return !node.isExportEquals;
  if (parser.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    parser.canHaveModifiers(node) &&
    (parser.getModifiers(node) ?? []).some(({ kind }) => kind === parser.SyntaxKind.DefaultKeyword)
  );
}

function isReExport(statement: ts.Statement): boolean {
  return parser.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}
