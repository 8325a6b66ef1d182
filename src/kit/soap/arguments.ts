import { escapeText, writable } from '../xml/text.ts';
import { WsdlProblem } from './loaded-wsdl.ts';
import { elementsOf } from './wsdl-shapes.ts';

/**
 * Arguments of an operation: texts, elements by name, lists of them. Attributes of an element are under `attributes`.
 */
export type SoapValue = string | readonly SoapValue[] | SoapArguments;
export interface SoapArguments {
  readonly [name: string]: SoapValue | undefined;
}

/**
 * Sorts the arguments into the order of the WSDL. An argument that the WSDL lacks is a mistake in the settings and
 * throws WsdlProblem. Texts stay texts, because node-soap would drop a Date.
 */
export function arranged(args: SoapArguments, shape: unknown, place: string): object {
  const members = membersOf(shape);
  const given = Object.entries(args).filter((entry): entry is [string, SoapValue] => entry[1] !== undefined);
  for (const [name] of given) {
    // node-soap writes the value of $xml without escaping.
    if (name.startsWith('$') && name !== '$value') throw new WsdlProblem(`${place} may have no member ${name}`);
    if (members && !members.has(name) && name !== 'attributes' && name !== '$value')
      throw new WsdlProblem(`${place} has no ${name} in the WSDL, but ${[...members.keys()].join(', ') || 'nothing'}`);
  }
  const order = members ? [...members.keys()] : [];
  const sorted = given.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return Object.fromEntries(
    sorted.map(([name, value]) => [
      name,
      name === 'attributes' ? attributesOf(value) : within(value, members?.get(name), `${place}.${name}`),
    ]),
  );
}

/**
 * Attributes, escaped here, because node-soap writes a CDATA section and the attributes of rpc parts without escaping. It
 * leaves a value alone that is no primitive string.
 */
function attributesOf(values: SoapValue): object {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, Object(escaped(String(value)))]));
}

function within(value: SoapValue, shape: unknown, place: string): unknown {
  if (typeof value === 'string') return elementText(writable(value));
  if (Array.isArray(value)) return value.map((one: SoapValue) => within(one, shape, place));
  return arranged(value as SoapArguments, shape, place);
}

const EMPTY = '<![CDATA[]]>';

/** node-soap writes a text without escaping if it begins and ends like a CDATA section, so it could bring elements along. */
function elementText(text: string): string {
  const isWrittenRaw = text.startsWith('<![CDATA[') && text.endsWith(']]>');
  return isWrittenRaw ? EMPTY + escaped(text) + EMPTY : text;
}

/** A text as node-soap escapes it. */
function escaped(text: string): string {
  return escapeText(writable(text)).replace(/[\t\r\n]/g, (blank) => `&#${blank.charCodeAt(0)};`);
}

/**
 * The members of a message in node-soap's description: elements by name, `name[]` if they repeat. Undefined if the WSDL
 * allows anything, or only a text.
 */
function membersOf(shape: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof shape !== 'object' || shape === null) return undefined;
  const entries = elementsOf(shape);
  if (entries.length === 0) return undefined;
  return new Map(entries.map(([name, type]) => [name.replace(/\[\]$/, ''), type]));
}
