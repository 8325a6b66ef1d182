import { XmlDocument, type XmlElement, XsdValidator } from 'libxml2-wasm';
import { WSDL } from './wsdl.ts';

/**
 * Creates the validator of an element in a Body, from the schema in the WSDL.
 *
 * It allows `xsi:nil` everywhere, because .NET and PHP write it for an absent value. A push must have content.
 */
export function createValidator(): XsdValidator {
  const wsdl = XmlDocument.fromString(WSDL);
  const schema = wsdl.get('//xs:schema', { xs: XSD }) as XmlElement;
  // The schema uses prefixes that the WSDL declares on its root.
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

/** Lets a single item be validated, to find the invalid one among many. */
const ITEMS = '<xs:element name="dossier" type="tns:Dossier"/><xs:element name="progress" type="tns:Progress"/>';
const XSD = 'http://www.w3.org/2001/XMLSchema';

/** The elements that are an xs:dateTime. */
export const TIMES: readonly string[] = [
  ...new Set(Array.from(WSDL.matchAll(/<xs:element name="(\w+)" type="xs:dateTime"/g), ([, name]) => name as string)),
];
