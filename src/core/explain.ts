import type Type from 'typebox';
import type { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
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
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * All problems of a checked value, one per place: what was found and what was expected.
 *
 * @param told known problems, whose places are not reported again
 * @param naming whether the message for an unknown member lists the known ones
 */
export function explain(
  schema: Type.TSchema,
  check: ReturnType<typeof Compile>,
  value: unknown,
  told: readonly Problem[] = [],
  naming = false,
): readonly Problem[] {
  const root = schema as unknown as SchemaNode;
  const places = new Set(told.map((problem) => problem.path));
  const problems: Problem[] = [];
  const tell = (path: string, message: string): void => {
    if (places.has(path)) return;
    places.add(path);
    problems.push({ path, message });
  };
  for (const { keyword, instancePath, params } of ofBranchesMeant(check.Errors(value), root, value)) {
    const node = nodeAt(root, instancePath, value);
    if (keyword === 'required') {
      for (const name of (params as { requiredProperties: string[] }).requiredProperties) {
        const path = `${instancePath}/${pointer(name)}`;
        tell(path, `is missing, expected ${expected(nodeAt(root, path, value))}`);
      }
    } else if (keyword === 'additionalProperties') {
      const meant = node?.anyOf?.[branchMeant(node, valueAt(value, instancePath))] ?? node;
      for (const name of (params as { additionalProperties: string[] }).additionalProperties) {
        const path = `${instancePath}/${pointer(name)}`;
        if (!places.has(path)) tell(path, unknownName(name, meant, naming));
      }
    } else if (keyword === 'anyOf' && node && kindOf(node) !== undefined && isObject(valueAt(value, instancePath))) {
      tell(`${instancePath}/${kindOf(node)}`, wrongKind(instancePath, node, value));
    } else if (keyword !== 'boolean') {
      const got =
        node?.writeOnly || SECRET.test(instancePath)
          ? ''
          : `got ${shownValue(instancePath, valueAt(value, instancePath))}, `;
      tell(instancePath, `${got}expected ${expected(node)}${tooLong(node, valueAt(value, instancePath))}`);
    }
  }
  return problems;
}

type Errors = ReturnType<ReturnType<typeof Compile>['Errors']>;

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

/** The member that tells the objects of a union apart. */
function kindOf({ anyOf = [] }: SchemaNode): string | undefined {
  const fixed = Object.entries(anyOf[0]?.properties ?? {}).find(([, member]) => member.const !== undefined);
  return fixed?.[0];
}

function wrongKind(path: string, node: SchemaNode, value: unknown): string {
  const name = kindOf(node) as string;
  const kinds = (node.anyOf ?? []).map(({ properties }) => properties?.[name]?.const).join(', ');
  const given = valueAt(value, `${path}/${pointer(name)}`);
  return `${given === undefined ? 'is missing' : `got ${shownValue(name, given)}`}, expected one of ${kinds}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownName(name: string, node: SchemaNode | undefined, naming: boolean): string {
  if (!node?.properties && node?.patternProperties) return `got the name ${quote(name)}, expected ${expected(node)}`;
  const known = Object.keys(node?.properties ?? {});
  const message = unknownMember(name, known);
  return naming && known.length > 0 && !message.endsWith('?')
    ? `${message}, expected one of ${known.join(', ')}`
    : message;
}

/** The message for a member that a schema does not know. */
export function unknownMember(name: string, known: Iterable<string>): string {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '');
  const wanted = plain(name);
  const near = [...known].find((candidate) => plain(candidate) === wanted);
  return `${quote(name)} is not a member here${near ? `; did you mean ${quote(near)}?` : ''}`;
}

/**
 * A value as messages show it, because problems are stored and logged. Long values are cut, personal values show only
 * their last characters, and officers' free text only its length.
 */
export function shownValue(path: string, value: unknown): string {
  if (PERSONAL.test(path) && (typeof value === 'string' || typeof value === 'number'))
    return quote(maskTail(String(value)));
  if (FREE_TEXT.test(path) && typeof value === 'string')
    return `a text of ${value.length.toLocaleString('en')} characters`;
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  // JSON cannot express the value of 1e400 and would write null.
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number beyond all limits';
  return quote(value);
}

/** Also the applicant as a whole: some systems put a name in place of the object. */
const PERSONAL = /\/applicant(?:\/(?:name|identityNumber|phone|email|address|techId))?$/i;
/** Texts in which officers may have written about the applicant. */
const FREE_TEXT = /\/(?:abstract|note|title|content|requestedBy|receivedBy|(?:documents|fees|results)\/\d+\/name)$/;
const SECRET = /(?:secret|password|passphrase|token|privateKey|apiKey)$/i;

export function quote(value: unknown): string {
  const whole = JSON.stringify(value) ?? 'undefined';
  // Hides a password in an address.
  const text = whole.slice(0, 4_000).replace(/:\/\/[^\s/?#@"]{1,200}@/g, '://***@');
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

/** Escapes a member's name for a JSON Pointer. */
export function pointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function expected(node: SchemaNode | undefined): string {
  if (!node) return 'a known value';
  if (node.enum) return `one of ${node.enum.join(', ')}`;
  if (node.description) return node.description;
  if (node.const !== undefined) return quote(node.const);
  if (node.anyOf) return [...new Set(node.anyOf.map(expected))].join(' or ');
  if (node.type === 'array') return `a list${node.maxItems === undefined ? '' : ` of at most ${node.maxItems} items`}`;
  if (node.type === 'object') return 'an object';
  if (node.type === 'boolean') return 'JSON true or false';
  if (node.type === 'integer') return `a whole number${range(node)}`;
  if (node.type === 'number') return `a number${range(node)}`;
  return node.type ?? 'a known value';
}

/** The limit of a text that exceeds it, unless the expectation names it already. */
function tooLong(node: SchemaNode | undefined, value: unknown): string {
  const { maxLength, description = '' } = node ?? {};
  if (maxLength === undefined || typeof value !== 'string' || value.length <= maxLength) return '';
  return description.includes('at most') ? '' : `, at most ${maxLength} characters`;
}

function range({ minimum, maximum }: SchemaNode): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? `, at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

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
