import type Type from 'typebox';
import type { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { maskTail } from './identifiers.ts';
import type { Problem } from './problem.ts';

/** Without it typebox stops after 8 errors, and one wrong value of a union alone is three. */
Settings.Set({ maxErrors: 400 });

/** A JSON Schema as far as explanations need it. */
export interface SchemaNode {
  readonly type?: string;
  readonly clean?: 'code' | 'instant' | 'text';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly string[];
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * All that a checked value has wrong, one problem a place: what was found and what was expected, in plain words.
 *
 * @param told problems that are known already: their places are not told again
 */
export function explain(
  schema: Type.TSchema,
  check: ReturnType<typeof Compile>,
  value: unknown,
  told: readonly Problem[] = [],
): readonly Problem[] {
  const root = schema as unknown as SchemaNode;
  const places = new Set(told.map((problem) => problem.path));
  const problems: Problem[] = [];
  const tell = (path: string, message: string): void => {
    if (places.has(path)) return;
    places.add(path);
    problems.push({ path, message });
  };
  for (const { keyword, instancePath, params } of check.Errors(value)) {
    if (keyword === 'required') {
      for (const name of (params as { requiredProperties: string[] }).requiredProperties) {
        const path = `${instancePath}/${pointer(name)}`;
        tell(path, `is missing, expected ${expected(nodeAt(root, path))}`);
      }
    } else if (keyword === 'additionalProperties') {
      const known = Object.keys(nodeAt(root, instancePath)?.properties ?? {});
      for (const name of (params as { additionalProperties: string[] }).additionalProperties) {
        const path = `${instancePath}/${pointer(name)}`;
        if (!places.has(path)) tell(path, unknownMember(name, known));
      }
    } else if (keyword !== 'boolean') {
      tell(
        instancePath,
        `got ${shownValue(instancePath, valueAt(value, instancePath))}, expected ${expected(nodeAt(root, instancePath))}`,
      );
    }
  }
  return problems;
}

/** The message for a member that a schema does not know. */
export function unknownMember(name: string, known: Iterable<string>): string {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '');
  const wanted = plain(name);
  const near = [...known].find((candidate) => plain(candidate) === wanted);
  return `${quote(name)} is not a member here${near ? `; did you mean ${quote(near)}?` : ''}`;
}

/** A value as messages show it: cut, and of personal values the last characters only, for problems are kept and logged. */
export function shownValue(path: string, value: unknown): string {
  if (PERSONAL.test(path) && (typeof value === 'string' || typeof value === 'number'))
    return quote(maskTail(String(value)));
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return quote(value);
}

/** Also the applicant as a whole: some systems put a name there where the members belong. */
const PERSONAL = /\/applicant(?:\/(?:name|identityNumber|phone|email|address|techId))?$|(?:secret|password)$/i;

export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

/** A member's name as one step of a JSON Pointer. */
export function pointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function expected(node: SchemaNode | undefined): string {
  if (!node) return 'a known value';
  if (node.enum) return `one of ${node.enum.join(', ')}`;
  if (node.description) return node.description;
  if (node.type === 'array') return `a list${node.maxItems === undefined ? '' : ` of at most ${node.maxItems} items`}`;
  if (node.type === 'object') return 'an object';
  if (node.type === 'boolean') return 'JSON true or false';
  if (node.type === 'integer') return `a whole number${range(node)}`;
  if (node.type === 'number') return `a number${range(node)}`;
  return node.type ?? 'a known value';
}

function range({ minimum, maximum }: SchemaNode): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? `, at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

function nodeAt(schema: SchemaNode, path: string): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const part of path.split('/').slice(1)) {
    const pattern: SchemaNode | undefined = Object.values(node?.patternProperties ?? {})[0];
    node = node?.properties?.[part] ?? node?.items ?? pattern;
  }
  return node;
}

function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const part of path.split('/').slice(1))
    at = (at as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  return at;
}
