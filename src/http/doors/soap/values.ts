import { XmlElement } from 'libxml2-wasm';
import type { SchemaNode } from '#core/explain';

export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** Turns an element that the XSD has passed into a plain value; `nil` says whether `xsi:nil` may occur in it. */
export type ElementReader = (element: XmlElement, nil: boolean) => unknown;

/**
 * A reader of elements by the canonical schema: repeated elements are lists, xs:boolean is true or false, xs:long a
 * number where that is exact. All else stays the text that it is, so `007` and 12345678901234567.89 arrive whole; what
 * does not fit stays a text too, and the canonical record's own check says what is wrong with it.
 */
export function elementReader(schema: SchemaNode): ElementReader {
  const read = schema.properties ? objectReader(schema.properties) : textReader(schema);
  return (element, nil) => (nil && isNil(element) ? null : read(element, nil));
}

export function isNil(element: XmlElement): boolean {
  return element.attrs.some(
    ({ name, namespaceUri, value }) => name === 'nil' && namespaceUri === XSI && /^\s*(?:true|1)\s*$/.test(value),
  );
}

function objectReader(properties: Readonly<Record<string, SchemaNode>>): ElementReader {
  const members = new Map(
    Object.entries(properties).map(([name, schema]) => [
      name,
      { isList: schema.items !== undefined, read: elementReader(schema.items ?? schema) },
    ]),
  );
  return (element, nil) => {
    const record: Record<string, unknown> = {};
    for (const child of elementsIn(element)) {
      const { name } = child;
      const member = members.get(name);
      const value = member ? member.read(child, nil) : child.content;
      const list = record[name];
      if (!member?.isList) record[name] = value;
      // An entry that is nothing is no entry.
      else if (value === null) continue;
      else if (Array.isArray(list)) list.push(value);
      else record[name] = [value];
    }
    return record;
  };
}

export function* elementsIn(element: XmlElement): Generator<XmlElement> {
  for (let child = element.firstChild; child; child = child.next) if (child instanceof XmlElement) yield child;
}

function textReader(schema: SchemaNode): ElementReader {
  const types = [schema.type, ...(schema.anyOf ?? []).map((option) => option.type)];
  if (types.includes('boolean')) return ({ content }) => BOOLEANS.get(content.trim()) ?? content;
  if (types.includes('integer')) return ({ content }) => wholeNumber(content);
  return ({ content }) => content;
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
