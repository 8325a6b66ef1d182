import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesUnder } from './source-files.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A raw statement that the source sends, and what its row type says. */
export interface Statement {
  readonly place: string;
  /** Every text that it can have; undefined when the source alone does not tell. */
  readonly texts: readonly string[] | undefined;
  /** The part of the text that is not constant. */
  readonly unknown: string | undefined;
  /** The members of the row type, with the JavaScript type of each; undefined when the call names no row type. */
  readonly members: ReadonlyMap<string, Member> | undefined;
  /** The code takes the rows, not only their number. */
  readonly readsRows: boolean;
}

export interface Member {
  readonly type: string;
  readonly isOptional: boolean;
}

/** Texts of the parameters of a function whose body is being read. */
type Known = ReadonlyMap<ts.Symbol, readonly string[]>;

/** A pattern of names that send SQL: `.query` of pg, `run` of database/transaction.ts, `rows` of the proof. */
const SENDS = /(?:^|\.)(?:query|run|rows)$/;
/** A text with more choices than this is built, not chosen. */
const MOST_TEXTS = 64;

/** The raw statements under src/, in the order of their files. */
export function statementsInSource(): readonly Statement[] {
  const files = filesUnder(join(ROOT, 'src'))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/migrations\//.test(path))
    .map((path) => join(ROOT, 'src', path))
    .filter((path) => /\b(?:query|run|rows)[<(]/.test(readFileSync(path, 'utf8')));
  const program = programOf(files);
  const reader = createReader(program.getTypeChecker());
  return files.flatMap((path) => reader.statementsIn(program.getSourceFile(path) as ts.SourceFile));
}

/** Reads our own modules and pg; what comes from another package has the type `any`. That takes a third of the time. */
function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, ROOT);
  const host = ts.createCompilerHost(options);
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  host.resolveModuleNameLiterals = (names, from) =>
    names.map(({ text }) =>
      /^(?:[.#]|pg$)/.test(text) || from.includes('/node_modules/')
        ? ts.resolveModuleName(text, from, options, host)
        : { resolvedModule: undefined },
    );
  return ts.createProgram(files, options, host);
}

function createReader(checker: ts.TypeChecker) {
  function statementsIn(file: ts.SourceFile): Statement[] {
    return callsIn(file).flatMap((call) => (isSent(call) ? [statementOf(call)] : []));
  }

  function isSent({ expression, arguments: [text], typeArguments }: ts.CallExpression): boolean {
    if (!text || !SENDS.test(expression.getText())) return false;
    if (!/\bquery$/.test(expression.getText())) return typeArguments !== undefined;
    const receiver = ts.isPropertyAccessExpression(expression) && checker.getTypeAtLocation(expression.expression);
    return receiver !== false && /\b(?:Pool|PoolClient|Client|Queryable)\b/.test(checker.typeToString(receiver));
  }

  function statementOf(call: ts.CallExpression): Statement {
    const file = call.getSourceFile();
    const line = file.getLineAndCharacterOfPosition(call.getStart()).line + 1;
    const place = `${file.fileName.slice(ROOT.length + 1)}:${line}`;
    const row = call.typeArguments?.[0];
    const statement = { place, members: row && membersOf(row), readsRows: readsRows(call) };
    try {
      const texts = textsOf(textOf(call.arguments[0] as ts.Expression), new Map());
      return { ...statement, texts, unknown: undefined };
    } catch (error) {
      if (!(error instanceof NotConstant)) throw error;
      return { ...statement, texts: undefined, unknown: error.message };
    }
  }

  /** `const { rows } = await …` */
  function readsRows(call: ts.CallExpression): boolean {
    const declared = ts.isAwaitExpression(call.parent) && call.parent.parent;
    return declared && ts.isVariableDeclaration(declared) && /\brows\b/.test(declared.name.getText());
  }

  function membersOf(at: ts.TypeNode): Map<string, Member> | undefined {
    const type = checker.getTypeFromTypeNode(at);
    // The callers of a function with a row type of its own are looked at themselves.
    if (type.flags & ts.TypeFlags.TypeParameter) return undefined;
    const member = (one: ts.Symbol): Member => ({
      type: kindOf(checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(one, at))),
      isOptional: (one.flags & ts.SymbolFlags.Optional) !== 0,
    });
    return new Map(checker.getPropertiesOfType(type).map((one) => [one.name, member(one)]));
  }

  function kindOf(type: ts.Type): string {
    if (type.isUnion()) return [...new Set(type.types.map(kindOf))].join(' | ');
    if (type.flags & ts.TypeFlags.StringLike) return 'string';
    if (type.flags & ts.TypeFlags.NumberLike) return 'number';
    if (type.flags & ts.TypeFlags.BooleanLike) return 'boolean';
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return 'any';
    if (checker.isArrayLikeType(type)) return 'array';
    return type.symbol?.name === 'Buffer' ? 'Buffer' : 'object';
  }

  /** The text of `query(text)` and of `query({ text })`. */
  function textOf(sent: ts.Expression): ts.Expression {
    const config = ts.isIdentifier(sent) ? initializerOf(checker.getSymbolAtLocation(sent)) : sent;
    if (!config || !ts.isObjectLiteralExpression(config)) return sent;
    const text = config.properties.find((one) => one.name?.getText() === 'text');
    if (text && ts.isPropertyAssignment(text)) return text.initializer;
    if (text && ts.isShorthandPropertyAssignment(text)) return text.name;
    throw new NotConstant(config);
  }

  /** The texts that an expression can have. @throws NotConstant */
  function textsOf(node: ts.Expression, known: Known): readonly string[] {
    if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return [node.text];
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return textsOf(node.expression, known);
    if (ts.isTemplateExpression(node))
      return node.templateSpans.reduce<readonly string[]>(
        (before, span) => joined(before, textsOf(span.expression, known), span.literal.text, node),
        [node.head.text],
      );
    if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue, known), ...textsOf(node.whenFalse, known)];
    if (ts.isBinaryExpression(node)) return binary(node, known);
    const symbol = resolved(node);
    const given = symbol && known.get(symbol);
    if (given) return given;
    const literals = literalsOf(checker.getTypeAtLocation(node));
    if (literals) return literals;
    if (ts.isCallExpression(node)) return methodOf(node) === 'join' ? listed(node, known) : returnedBy(node, known);
    const initializer = initializerOf(symbol);
    if (initializer) return textsOf(initializer, known);
    const parameter = symbol?.valueDeclaration;
    if (parameter && ts.isParameter(parameter)) return givenTo(parameter);
    throw new NotConstant(node);
  }

  /** `list.join(separator)` */
  function listed({ expression, arguments: [separator] }: ts.CallExpression, known: Known): readonly string[] {
    const items = itemsOf((expression as ts.PropertyAccessExpression).expression, known);
    return [items.join(separator ? textsOf(separator, known)[0] : ',')];
  }

  /** The texts of a constant list, or of what `map` makes of one. @throws NotConstant */
  function itemsOf(node: ts.Expression, known: Known): readonly string[] {
    if (ts.isArrayLiteralExpression(node))
      return node.elements.flatMap((one) =>
        ts.isSpreadElement(one) ? itemsOf(one.expression, known) : textsOf(one, known),
      );
    if (ts.isCallExpression(node) && methodOf(node) === 'map') {
      const [make] = node.arguments;
      if (!make || !ts.isArrowFunction(make) || ts.isBlock(make.body)) throw new NotConstant(node);
      const [parameter, place] = make.parameters.map(({ name }) => checker.getSymbolAtLocation(name));
      if (place) throw new NotConstant(node);
      const items = itemsOf((node.expression as ts.PropertyAccessExpression).expression, known);
      const body = make.body;
      return items.flatMap((item) => textsOf(body, parameter ? new Map([...known, [parameter, [item]]]) : known));
    }
    const initializer = initializerOf(resolved(node));
    if (initializer && ts.isArrayLiteralExpression(initializer)) return itemsOf(initializer, known);
    const element = checker.getIndexTypeOfType(checker.getTypeAtLocation(node), ts.IndexKind.Number);
    const literals = element && literalsOf(element);
    if (!literals) throw new NotConstant(node);
    return literals;
  }

  function binary(node: ts.BinaryExpression, known: Known): readonly string[] {
    const [left, right] = [textsOf(node.left, known), textsOf(node.right, known)];
    const isText = (checker.getTypeAtLocation(node).flags & ts.TypeFlags.StringLike) !== 0;
    if (isText) return joined(left, right, '', node);
    // A number is a bound: which one does not matter.
    return left;
  }

  function joined(before: readonly string[], texts: readonly string[], after: string, node: ts.Node): string[] {
    if (before.length * texts.length > MOST_TEXTS) throw new NotConstant(node);
    return before.flatMap((one) => texts.map((text) => one + text + after));
  }

  function literalsOf(type: ts.Type): string[] | undefined {
    const types = type.isUnion() ? type.types : [type];
    const texts = types.flatMap((one) => (one.isStringLiteral() || one.isNumberLiteral() ? [String(one.value)] : []));
    return texts.length === types.length ? texts : undefined;
  }

  function resolved(node: ts.Node): ts.Symbol | undefined {
    const symbol = checker.getSymbolAtLocation(node);
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  }

  function initializerOf(symbol: ts.Symbol | undefined): ts.Expression | undefined {
    const declared = symbol?.valueDeclaration;
    if (declared && ts.isPropertyAssignment(declared)) return declared.initializer;
    return declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  }

  /** What a function of one expression or one `return` makes of the texts that this call gives it. */
  function returnedBy(call: ts.CallExpression, known: Known): readonly string[] {
    const symbol = resolved(call.expression);
    const declared = initializerOf(symbol) ?? symbol?.valueDeclaration;
    if (!declared || !(ts.isArrowFunction(declared) || ts.isFunctionDeclaration(declared))) throw new NotConstant(call);
    const given = new Map(known);
    for (const [at, { name }] of declared.parameters.entries()) {
      const [parameter, argument] = [checker.getSymbolAtLocation(name), call.arguments[at]];
      if (parameter && argument) given.set(parameter, textsOf(argument, known));
    }
    const last = declared.body && ts.isBlock(declared.body) ? declared.body.statements[0] : declared.body;
    if (last && ts.isReturnStatement(last) && last.expression) return textsOf(last.expression, given);
    if (last && !ts.isStatement(last)) return textsOf(last, given);
    throw new NotConstant(call);
  }

  /** What the calls in the same file give to a parameter. */
  function givenTo(parameter: ts.ParameterDeclaration): readonly string[] {
    const owner = parameter.parent;
    const named = ts.isArrowFunction(owner) && ts.isVariableDeclaration(owner.parent) ? owner.parent : owner;
    const symbol = named.name && checker.getSymbolAtLocation(named.name);
    const at = owner.parameters.indexOf(parameter);
    const calls = callsIn(parameter.getSourceFile()).filter((call) => symbol && resolved(call.expression) === symbol);
    if (calls.length === 0) throw new NotConstant(parameter);
    return [
      ...new Set(
        calls.flatMap((call) => {
          const given = call.arguments[at] ?? parameter.initializer;
          if (!given) throw new NotConstant(parameter);
          return textsOf(given, new Map());
        }),
      ),
    ];
  }

  return { statementsIn };
}

function methodOf({ expression }: ts.CallExpression): string | undefined {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : undefined;
}

class NotConstant extends Error {
  constructor(node: ts.Node) {
    super(node.getText().replace(/\s+/g, ' ').slice(0, 60));
  }
}

function callsIn(file: ts.SourceFile): ts.CallExpression[] {
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) calls.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return calls;
}
