import { XmlDocument, type XmlElement } from 'libxml2-wasm';
import { elementsIn } from './elements.ts';
import { WSDL } from './wsdl.ts';

/** The elements of each complex type and of each message, as the WSDL declares them. */
export const DECLARED = readDeclarations();

export interface Declared {
  readonly name: string;
  readonly type: string;
  readonly least: number;
  readonly most: number;
}

function readDeclarations(): ReadonlyMap<string, readonly Declared[]> {
  const wsdl = XmlDocument.fromString(WSDL);
  try {
    const schema = wsdl.get('//xs:schema', { xs: 'http://www.w3.org/2001/XMLSchema' }) as XmlElement;
    return new Map(
      elementsIn(schema).flatMap((element) => {
        const type = element.name === 'complexType' ? element : elementsIn(element)[0];
        const [sequence] = type?.name === 'complexType' ? elementsIn(type) : [];
        const name = element.attr('name')?.value as string;
        return sequence
          ? [[element === type ? `tns:${name}` : name, elementsIn(sequence).map(declaredBy)] as const]
          : [];
      }),
    );
  } finally {
    wsdl.dispose();
  }
}

function declaredBy(element: XmlElement): Declared {
  const of = (name: string): string | undefined => element.attr(name)?.value;
  const most = of('maxOccurs') ?? '1';
  return {
    name: of('name') as string,
    type: of('type') as string,
    least: Number(of('minOccurs') ?? '1'),
    most: most === 'unbounded' ? Number.POSITIVE_INFINITY : Number(most),
  };
}

/**
 * The members of a value that the WSDL declares for its type, in the WSDL's order.
 *
 * A record has them in the order of arrival, and may have members without an element, such as references of files. Strict
 * clients reject both.
 */
export function asDeclared(type: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => asDeclared(type, one));
  const members = DECLARED.get(type);
  if (!members || value === null || typeof value !== 'object') return value;
  const record = value as Readonly<Record<string, unknown>>;
  const given = members.filter(({ name }) => record[name] !== undefined);
  return Object.fromEntries(given.map(({ name, type: of }) => [name, asDeclared(of, record[name])]));
}
