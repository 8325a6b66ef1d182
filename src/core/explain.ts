import type Type from 'typebox';
import type { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { EN } from '#messages/en';
import { type Arg, type Code, quotedText, say, type TextOrWords, type Words, wordsOf } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish, isWords, render } from '#messages/render';
import { maskTail } from './identifiers/identifiers.ts';
import type { Problem } from './problem.ts';

/** By default typebox stops after 8 errors. One wrong value of a union gives three. */
Settings.Set({ maxErrors: 400 });

/** The part of JSON Schema that explanations need. */
export interface SchemaNode {
  readonly type?: string;
  readonly clean?: 'code' | 'instant' | 'text';
  /** The source of a missing member's value. See `whenAbsent` of the schemas. */
  readonly absent?: { readonly member?: string; readonly value?: string };
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly const?: unknown;
  /** A secret, which is never shown. */
  readonly writeOnly?: boolean;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** The limits of a number that a query gives as text. */
  readonly numeral?: { readonly minimum: number; readonly maximum: number };
}

interface Manner {
  /** Whether the words for an unknown member list the known ones. */
  readonly naming?: boolean;
  /** Whether other languages than English show the type in place of a description that has no translation. */
  readonly translated?: boolean;
  /** Places whose values are not shown. */
  readonly hidden?: ReadonlySet<string>;
}

/**
 * All problems of a checked value, one per place: what was found and what was expected.
 *
 * @param known problems of earlier checks. Their places are not reported again.
 */
export function explain(
  schema: Type.TSchema,
  check: ReturnType<typeof Compile>,
  value: unknown,
  known: readonly Problem[] = [],
  manner: Manner = {},
): readonly Problem[] {
  const root = schema as unknown as SchemaNode;
  const places = new Set(known.map(({ path }) => path));
  const problems: Problem[] = [];
  for (const error of ofBranchesMeant(check.Errors(value), root, value))
    for (const [path, words] of wordsOfError(error, root, value, manner)) {
      if (places.has(path)) continue;
      places.add(path);
      problems.push({ path, ...inEnglish(words) });
    }
  return problems;
}

type Errors = ReturnType<ReturnType<typeof Compile>['Errors']>;

/** The words of one error of the check, by place. */
function* wordsOfError(
  { keyword, instancePath, params }: Errors[number],
  root: SchemaNode,
  value: unknown,
  manner: Manner,
): Generator<readonly [path: string, words: Words]> {
  const node = nodeAt(root, instancePath, value);
  const found = valueAt(value, instancePath);
  const below = (name: string): string => `${instancePath}/${pointer(name)}`;
  const kind = node && kindOf(node);
  if (keyword === 'required')
    for (const name of (params as { requiredProperties: string[] }).requiredProperties) {
      const member = nodeAt(root, below(name), value);
      yield [below(name), say('missing', { expected: expectedBy(member, manner) })];
    }
  else if (keyword === 'additionalProperties') {
    const meant = node?.anyOf?.[branchMeant(node, found)] ?? node;
    for (const name of (params as { additionalProperties: string[] }).additionalProperties)
      yield [below(name), unknownName(name, meant, manner)];
  } else if (keyword === 'anyOf' && kind !== undefined && isObject(found))
    yield [below(kind), wrongKind(kind, node as SchemaNode, found)];
  // A false schema is that of an unknown member, which has an error of its own.
  else if (keyword !== 'boolean') yield [instancePath, wrongValue(instancePath, node, found, manner)];
}

/** A secret is not shown. */
function wrongValue(path: string, node: SchemaNode | undefined, found: unknown, manner: Manner): Words {
  const expected = withLimit(expectedBy(node, manner), node, found);
  const isSecret = node?.writeOnly || SECRET.test(path) || manner.hidden?.has(path);
  return isSecret ? say('expected', { expected }) : say('unexpected', { got: shownValue(path, found), expected });
}

/** Drops the errors of union branches that the value was clearly not meant for. */
function ofBranchesMeant(errors: Errors, root: SchemaNode, value: unknown): Errors {
  const unions = errors
    .filter(({ keyword }) => keyword === 'anyOf')
    .map(({ schemaPath, instancePath }) => {
      const meant = branchMeant(nodeAt(root, instancePath, value), valueAt(value, instancePath));
      return { schemaPath, meant };
    });
  if (unions.length === 0) return errors;
  return errors.filter(({ keyword, schemaPath }) =>
    unions.every((union) => {
      if (schemaPath === union.schemaPath) return keyword !== 'anyOf' || union.meant === -1;
      const inside = `${union.schemaPath}/anyOf/`;
      if (!schemaPath.startsWith(inside)) return true;
      return schemaPath.slice(inside.length).split('/', 1)[0] === String(union.meant);
    }),
  );
}

/** The branch of a union that a list or an object is meant for. -1 if that is unclear. */
function branchMeant(node: SchemaNode | undefined, value: unknown): number {
  const branches = node?.anyOf ?? [];
  if (Array.isArray(value)) return branches.findIndex(({ type }) => type === 'array');
  if (!isObject(value)) return -1;
  const objects = branches.filter(({ type }) => type === 'object');
  if (objects.length === 1) return branches.indexOf(objects[0] as SchemaNode);
  return branches.findIndex(({ type, properties = {} }) => {
    const fixed = Object.entries(properties).filter(([, member]) => member.const !== undefined);
    return type === 'object' && fixed.length > 0 && fixed.every(([name, member]) => value[name] === member.const);
  });
}

/** The member by which the objects of a union differ, such as `kind`. */
function kindOf({ anyOf = [] }: SchemaNode): string | undefined {
  const fixed = Object.entries(anyOf[0]?.properties ?? {}).find(([, member]) => member.const !== undefined);
  return fixed?.[0];
}

/** The words for an object of a union that has none of its kinds. */
function wrongKind(kind: string, { anyOf = [] }: SchemaNode, found: Readonly<Record<string, unknown>>): Words {
  const expected = say('one-of', { list: anyOf.map(({ properties }) => String(properties?.[kind]?.const)) });
  const given = found[kind];
  return given === undefined
    ? say('missing', { expected })
    : say('unexpected', { got: shownValue(kind, given), expected });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownName(name: string, node: SchemaNode | undefined, manner: Manner): Words {
  if (!node?.properties && node?.patternProperties)
    return say('unexpected-name', { got: received(name), expected: expectedBy(node, manner) });
  const known = Object.keys(node?.properties ?? {});
  const words = unknownMember(name, known);
  return manner.naming && known.length > 0 && words.code === 'unknown-member'
    ? say('unknown-member-known', { got: received(name), list: known })
    : words;
}

/** The words for a member that a schema does not know. */
export function unknownMember(name: string, known: Iterable<string>): Words {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '');
  const wanted = plain(name);
  const near = [...known].find((candidate) => plain(candidate) === wanted);
  const got = received(name);
  return near === undefined ? say('unknown-member', { got }) : say('unknown-member-near', { got, near });
}

/**
 * A value as messages show it, because problems are stored and logged. Long values are cut, personal values show only
 * their last characters, and free text only its length.
 */
export function shownValue(path: string, value: unknown): Arg {
  if (PERSONAL.test(path) && (typeof value === 'string' || typeof value === 'number'))
    return received(maskTail(String(value)));
  if (FREE_TEXT.test(path) && typeof value === 'string') return say('a-text-of', { count: value.length });
  if (Array.isArray(value)) return say('a-list-of', { count: value.length });
  if (typeof value === 'object' && value !== null) return say('an-object');
  if (typeof value !== 'number') return received(value);
  // JSON cannot express the value of 1e400.
  return Number.isFinite(value) ? value : say('number-beyond-limits');
}

/** Also a person as a whole: some systems put a name in place of the object. */
const PERSONAL =
  /\/(?:applicant|asker|sender|receiver|payer)(?:\/(?:name|identityNumber|phone|email|address|techId))?$/i;
/** Texts in which officers and citizens write about people. */
const FREE_TEXT =
  /\/(?:abstract|note|title|content|reason|comment|requestedBy|receivedBy|(?:documents|fees|results)\/\d+\/name)$/;
const SECRET = /(?:secret|password|passphrase|token|privateKey|apiKey)$/i;

/** A value as JSON, at most 80 characters long, and an address without its password. */
export function quote(value: unknown): string {
  const whole = JSON.stringify(value) ?? 'undefined';
  return typeof value === 'string' ? JSON.stringify(received(value)) : whole.slice(0, 80);
}

/** Escapes a member's name for a JSON Pointer. */
export function pointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** What a place may hold: one of a list, the description of the schema, or the type. */
function expectedBy(node: SchemaNode | undefined, manner: Manner): Arg {
  if (!node) return say('a-known-value');
  if (node.enum) return say('one-of', { list: node.enum });
  const code = DESCRIPTIONS.get(node.description ?? '');
  if (code !== undefined) return say(code);
  if (!node.description) return typeOf(node, manner);
  return quotedText(
    node.description,
    manner.translated && isTypeEnough(node) ? wordsOf(typeOf(node, manner)) : undefined,
  );
}

function typeOf(node: SchemaNode, manner: Manner): TextOrWords {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.anyOf) return say('any-of', { alternatives: alternatives(node.anyOf, manner) });
  if (node.type === 'array')
    return node.maxItems === undefined ? say('a-list') : say('list-up-to', { count: node.maxItems });
  if (node.type === 'object') return say('an-object');
  if (node.type === 'boolean') return say('json-boolean');
  if (node.numeral) return numberIn({ type: 'integer', ...node.numeral });
  if (node.type === 'string') return manner.translated ? textIn(node) : say('a-text');
  if (node.type === 'null') return 'null';
  return numberIn(node);
}

function alternatives(nodes: readonly SchemaNode[], manner: Manner): readonly (string | Words)[] {
  const all = nodes.map((node) => expectedBy(node, manner)) as (string | Words)[];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** Whether its type describes a value fully. Readers learn nothing from a pattern. */
function isTypeEnough({ pattern, numeral }: SchemaNode): boolean {
  return pattern === undefined || pattern === NOT_BLANK || numeral !== undefined;
}

const NOT_BLANK = '\\S';

function textIn({ minLength, maxLength, pattern }: SchemaNode): Words {
  if (maxLength === undefined) return say('a-text');
  if (minLength === undefined) return say('up-to-characters', { expected: say('a-text'), count: maxLength });
  return say(pattern === NOT_BLANK ? 'text-not-blank' : 'text-range', { least: minLength, most: maxLength });
}

type DescriptionCode = Extract<Code, `schema.${string}`>;
/** The descriptions of the published schemas. Those of settings and of most parameters are English only. */
const DESCRIPTIONS: ReadonlyMap<string, DescriptionCode> = new Map(
  Object.entries(EN).flatMap(([code, text]) => (code.startsWith('schema.') ? [[text, code as DescriptionCode]] : [])),
);

function numberIn({ type, minimum, maximum }: SchemaNode): TextOrWords {
  const isWhole = type === 'integer';
  if (!isWhole && type !== 'number') return type ?? say('a-known-value');
  if (minimum === undefined) return isWhole ? say('an-integer') : say('a-number');
  const least = String(minimum);
  if (maximum === undefined) return isWhole ? say('integer-from', { least }) : say('number-from', { least });
  const most = String(maximum);
  return isWhole ? say('integer-range', { least, most }) : say('number-range', { least, most });
}

/** With the limit of a text that is too long, unless the description has it. */
function withLimit(expected: Arg, node: SchemaNode | undefined, value: unknown): Arg {
  const { maxLength, description = '' } = node ?? {};
  if (maxLength === undefined || typeof value !== 'string' || value.length <= maxLength) return expected;
  const isIn = description.includes('at most') || (isWords(expected) && WITH_LIMIT.includes(expected.code));
  if (isIn) return expected;
  const limited = say('up-to-characters', { expected, count: maxLength });
  // The type in other languages has the limit already.
  const { meant } = isWords(expected) ? expected.args : {};
  return isWords(meant) ? quotedText(render(limited, 'en'), meant) : limited;
}

const WITH_LIMIT: readonly Code[] = ['up-to-characters', 'text-range', 'text-not-blank'];

function nodeAt(schema: SchemaNode, path: string, value: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  let at = value;
  for (const part of path.split('/').slice(1)) {
    if (node?.anyOf) node = node.anyOf[branchMeant(node, at)];
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const pattern: SchemaNode | undefined = Object.values(node?.patternProperties ?? {})[0];
    node = node?.properties?.[name] ?? node?.items ?? pattern;
    at = (at as Record<string, unknown> | undefined | null)?.[name];
  }
  return node;
}

function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const part of path.split('/').slice(1))
    at = (at as Record<string, unknown> | undefined | null)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  return at;
}
