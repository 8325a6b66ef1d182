import type { WSDL } from 'soap';
import type { LoadedWsdl, Port } from './loaded-wsdl.ts';

export interface DescribedPort extends Port {
  readonly operations: object;
}

/** The operations of each port with the shapes of their messages in node-soap's notation: `name[]` repeats. */
export async function describeWsdl({ wsdl, ports }: LoadedWsdl): Promise<readonly DescribedPort[]> {
  return ports.map((port) => {
    const names = Object.keys(wsdl.definitions.services[port.service]?.ports[port.name]?.binding?.methods ?? {});
    const shapes = names.map((name) => [name, shapesOf(wsdl, port, name)] as const);
    return { ...port, operations: plain(Object.fromEntries(shapes)) };
  });
}

/** The input and output of an operation in node-soap's notation, for rpc with the types of the parts. */
export function shapesOf(
  { definitions }: WSDL,
  { service, name }: Port,
  operation: string,
): { readonly input?: object | undefined; readonly output?: object | undefined } {
  const shapes = definitions.services[service]?.ports[name]?.binding?.methods[operation]?.description(definitions);
  const { input, output } = (shapes ?? {}) as { readonly input?: unknown; readonly output?: unknown };
  const typed = (shape: unknown): object | undefined => {
    if (typeof shape !== 'object' || shape === null) return undefined;
    return Object.fromEntries(Object.entries(shape).map(([part, type]) => [part, partOf(type, definitions)]));
  };
  const [asks, answers] = [typed(input), typed(output)];
  return { input: asks, output: answers };
}

/** node-soap returns a part of the style rpc as its own type node. */
function partOf(type: unknown, definitions: WSDL['definitions']): unknown {
  const node = type as { readonly xmlns: string; readonly description?: unknown } | null;
  if (typeof node !== 'object' || typeof node?.description !== 'function') return type;
  return node.description(definitions, definitions.schemas[node.xmlns]?.xmlns);
}

/** Replaces a type within itself. */
const ITSELF = '(as around it)';

/** A printable shape. A recursive type ends at its second occurrence. */
function plain(shape: object, around: readonly object[] = []): object {
  const within = [...around, shape];
  return Object.fromEntries(
    elementsOf(shape).map(([name, inner]) => [
      name,
      typeof inner !== 'object' || inner === null ? inner : within.includes(inner) ? ITSELF : plain(inner, within),
    ]),
  );
}

/**
 * The elements of a node-soap shape by name, without its internal members. An open schema (the DataSet of .NET) has the
 * name undefined. A SOAP-encoded array is a function.
 */
export function elementsOf(shape: object): readonly (readonly [name: string, type: unknown])[] {
  return Object.entries(shape).filter(([name, type]) => !BESIDE.has(name) && typeof type !== 'function');
}

const BESIDE = new Set(['targetNSAlias', 'targetNamespace', 'undefined']);
