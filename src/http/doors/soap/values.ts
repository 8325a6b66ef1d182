import { SaxesParser } from 'saxes';
import type { SchemaNode } from '#core/explain';
import { Refusal } from '../../problem.ts';

/** How the elements at a place are read, by the canonical schema. */
export interface Shape {
  readonly kind: 'record' | 'boolean' | 'integer' | 'text';
  readonly members: ReadonlyMap<string, Member>;
}

interface Member {
  readonly name: string;
  readonly isList: boolean;
  readonly shape: Shape;
}

export function shapeOf(schema: SchemaNode): Shape {
  const types = [schema.type, ...(schema.anyOf ?? []).map((option) => option.type)];
  const kind = schema.properties ? 'record' : (SIMPLE.find((one) => types.includes(one)) ?? 'text');
  const members = Object.entries(schema.properties ?? {}).map(([name, member]): [string, Member] => [
    name,
    { name, isList: member.items !== undefined, shape: shapeOf(member.items ?? member) },
  ]);
  return { kind, members: new Map(members) };
}

const SIMPLE = ['boolean', 'integer'] as const;
/** Envelope, Body, operation, value. */
const [BODY_DEPTH, OPERATION_DEPTH, VALUE_DEPTH] = [2, 3, 4];

/** An element that is open. */
interface Open {
  readonly member: Member;
  readonly record: Record<string, unknown>;
  text: string;
  readonly isNil: boolean;
}

/**
 * The operation of an envelope that has passed the XSD, and the values of its elements: repeated elements are lists,
 * xs:boolean is true or false, xs:long a number where that is exact. All else stays the text that it is, so `007` and
 * 12345678901234567.89 arrive whole; what does not fit stays a text too, and the canonical record's own check says
 * what is wrong with it. Measured: a third of what it costs to ask libxml2's document for each name and text.
 */
export function readValues<Name extends string>(
  xml: string,
  shapes: Readonly<Record<Name, Shape>>,
): { readonly operation: Name | undefined; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const open: Open[] = [];
  let operation: Name | undefined;
  let depth = 0;
  let inBody = false;
  const parser = new SaxesParser({ position: false });
  parser.on('opentag', ({ name, attributes }) => {
    depth++;
    if (depth === BODY_DEPTH) inBody = local(name) === 'Body';
    if (!inBody) return;
    if (depth === OPERATION_DEPTH && Object.hasOwn(shapes, local(name))) operation = local(name) as Name;
    if (depth < VALUE_DEPTH || operation === undefined) return;
    // What the XSD has passed has no other members.
    const member = open.at(-1)?.member.shape.members.get(local(name)) ?? of(shapes[operation]);
    open.push({ member, record: {}, text: '', isNil: isNil(attributes as Record<string, string>) });
  });
  const addText = (text: string): void => {
    const top = open.at(-1);
    if (top) top.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    depth--;
    const closed = open.pop();
    const parent = open.at(-1);
    if (closed && parent) addTo(parent.record, closed);
    else if (closed) values.push(valueIn(closed));
  });
  try {
    parser.write(xml).close();
  } catch (error) {
    // It is the stricter one here and there.
    throw new Refusal('not-json', `the envelope is not well-formed XML: ${(error as Error).message.slice(0, 200)}`);
  }
  return { operation, values };
}

function of(shape: Shape): Member {
  return { name: '', isList: false, shape };
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** The XSD lets no attribute through but those of XMLSchema-instance, and declarations of namespaces. */
function isNil(attributes: Readonly<Record<string, string>>): boolean {
  for (const name in attributes)
    if (local(name) === 'nil' && !name.startsWith('xmlns:') && /^\s*(?:true|1)\s*$/.test(attributes[name] as string))
      return true;
  return false;
}

function addTo(record: Record<string, unknown>, closed: Open): void {
  const { name, isList } = closed.member;
  const value = valueIn(closed);
  const list = record[name];
  if (!isList) record[name] = value;
  // An entry that is nothing is no entry.
  else if (value === null) return;
  else if (Array.isArray(list)) list.push(value);
  else record[name] = [value];
}

function valueIn({ member: { shape }, record, text, isNil }: Open): unknown {
  if (isNil) return null;
  return shape.kind === 'record' ? record : simpleValue(shape, text);
}

/**
 * A value with its members in the order of its shape, which is the WSDL's. What is merged of several versions has them
 * in the order in which they came, and clients that check or read a sequence strictly stumble over it.
 */
export function inOrder(shape: Shape, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => inOrder(shape, one));
  if (shape.kind !== 'record' || value === null || typeof value !== 'object') return value;
  const record = value as Readonly<Record<string, unknown>>;
  const members = [...shape.members.values()].filter(({ name }) => record[name] !== undefined);
  return Object.fromEntries(members.map(({ name, shape: of }) => [name, inOrder(of, record[name])]));
}

/** The value that the text of an element is. */
export function simpleValue({ kind }: Shape, text: string): unknown {
  if (kind === 'boolean') return BOOLEANS.get(text.trim()) ?? text;
  return kind === 'integer' ? wholeNumber(text) : text;
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function wholeNumber(text: string): number | string {
  const value = Number(text);
  return /^\s*[+-]?\d+\s*$/.test(text) && Number.isSafeInteger(value) ? value + 0 : text;
}
