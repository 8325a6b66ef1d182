import { XmlDocument, type XmlElement, XsdValidator } from 'libxml2-wasm';
import { WSDL } from './wsdl.ts';

/**
 * The checker of an element in a Body, by the schema that stands in the WSDL. `xsi:nil` is allowed everywhere: .NET and PHP
 * write it for "nothing", and nothing it is. Only a push is no push with nothing in it.
 */
export function createValidator(): XsdValidator {
  const wsdl = XmlDocument.fromString(WSDL);
  const schema = wsdl.get('//xs:schema', { xs: XSD }) as XmlElement;
  // The schema uses prefixes that the WSDL declares above it.
  const declarations = Object.entries(wsdl.root.nsDeclarations).map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`);
  const hub = schema
    .toString()
    .replace('<xs:schema', () => `<xs:schema${declarations.join('')}`)
    .replaceAll(/<xs:element (?!name="Push)/g, '<xs:element nillable="true" ')
    .replace('</xs:schema>', () => `${ITEMS}</xs:schema>`);
  wsdl.dispose();
  const document = XmlDocument.fromString(hub);
  try {
    return XsdValidator.fromDoc(document);
  } finally {
    document.dispose();
  }
}

/** So that an item can be checked by itself, to tell which one of many it is that does not fit. */
const ITEMS = '<xs:element name="dossier" type="tns:Dossier"/><xs:element name="progress" type="tns:Progress"/>';
const XSD = 'http://www.w3.org/2001/XMLSchema';

/** The elements that are an xs:dateTime. */
export const TIMES: readonly string[] = [
  ...new Set(Array.from(WSDL.matchAll(/<xs:element name="(\w+)" type="xs:dateTime"/g), ([, name]) => name as string)),
];
