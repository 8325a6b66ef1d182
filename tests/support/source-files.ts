import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');

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
  const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  const imports: Import[] = [];
  const uses: Found[] = [];
  const texts: Found[] = [];
  const conditionalSpreads: Found[] = [];
  const functions: SourceFile['functions'][number][] = [];
  let defaultExport: number | undefined;
  const lineOf = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node: ts.Node): void => {
    const line = lineOf(node);
    const imported = importOf(node);
    if (imported) imports.push({ ...imported, target: resolve(path, imported.specifier), line });
    const use = useOf(node);
    if (use) uses.push({ text: use, line });
    if (ts.isStringLiteralLike(node)) texts.push({ text: node.text, line });
    if (isConditionalSpread(node)) conditionalSpreads.push({ text: node.getText(source).slice(0, 80), line });
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const end = source.getLineAndCharacterOfPosition(node.end).line + 1;
      functions.push({ text: node.getText(source).split('\n', 1)[0] as string, line, lines: end - line + 1 });
    }
    if (isDefaultExport(node)) defaultExport = line;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  const isBarrel = source.statements.some(isReExport) && source.statements.every(isReExport);
  return { path, imports, uses, texts, conditionalSpreads, functions, defaultExport, isBarrel };
}

function importOf(node: ts.Node): { specifier: string; typesOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    const { moduleSpecifier, importClause: clause } = node;
    const names = clause?.namedBindings;
    const onlyTypeNames = !clause?.name && names && ts.isNamedImports(names) && areTypes(names.elements);
    return { specifier: textOf(moduleSpecifier), typesOnly: clause?.isTypeOnly || onlyTypeNames || false };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    const names = node.exportClause;
    const onlyTypeNames = names && ts.isNamedExports(names) && areTypes(names.elements);
    return { specifier: textOf(node.moduleSpecifier), typesOnly: node.isTypeOnly || onlyTypeNames || false };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return { specifier: textOf(node.argument.literal), typesOnly: true };
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [what] = node.arguments;
  return what && ts.isStringLiteralLike(what) ? { specifier: what.text, typesOnly: false } : undefined;
}

function areTypes(names: readonly { readonly isTypeOnly: boolean }[]): boolean {
  return names.length > 0 && names.every((name) => name.isTypeOnly);
}

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : '';
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
  if (ts.isNewExpression(node))
    return dotted(node.expression) === 'Date' && !node.arguments?.length ? 'new Date()' : undefined;
  if (ts.isCallExpression(node)) return ts.isIdentifier(node.expression) ? `${node.expression.text}()` : undefined;
  if (ts.isElementAccessExpression(node)) return suffixed(dotted(node.expression), '[]');
  return ts.isPropertyAccessExpression(node) ? dotted(node) : undefined;
}

/** `a.b.c` of plain names. */
function dotted(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? suffixed(dotted(node.expression), `.${node.name.text}`) : undefined;
}

function suffixed(name: string | undefined, suffix: string): string | undefined {
  return name === undefined ? undefined : name + suffix;
}

function isConditionalSpread(node: ts.Node): boolean {
  if (!ts.isSpreadAssignment(node)) return false;
  const spread = inner(node.expression);
  if (ts.isBinaryExpression(spread)) return spread.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;
  if (!ts.isConditionalExpression(spread)) return false;
  return [spread.whenTrue, spread.whenFalse]
    .map(inner)
    .some((one) => ts.isObjectLiteralExpression(one) || (ts.isIdentifier(one) && one.text === 'undefined'));
}

function inner(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) ? inner(node.expression) : node;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return !node.isExportEquals;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  );
}

function isReExport(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}
