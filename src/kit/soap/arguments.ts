import { writable } from '../xml/text.ts';
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
    sorted.map(([name, value]) => [name, within(value, members?.get(name), `${place}.${name}`)]),
  );
}

function within(value: SoapValue, shape: unknown, place: string): unknown {
  if (typeof value === 'string') return writable(value);
  if (Array.isArray(value)) return value.map((one: SoapValue) => within(one, shape, place));
  return arranged(value as SoapArguments, shape, place);
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
