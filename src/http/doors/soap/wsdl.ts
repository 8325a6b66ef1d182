import { readFileSync } from 'node:fs';
import { XmlDocument, type XmlElement, XsdValidator } from 'libxml2-wasm';
import { escapeXml } from './xml.ts';

export const HUB_NAMESPACE = 'urn:lienthong:hub:v1';

const WSDL = readFileSync(new URL('../../../../schemas/hub.wsdl', import.meta.url), 'utf8');

/** The WSDL with its addresses filled in. */
export function wsdlAt(address: string): string {
  // A function, for `$&` in a replacement text would mean something.
  return WSDL.replaceAll('{{ADDRESS}}', () => escapeXml(address));
}

/**
 * A checker of messages by the schema that stands in the WSDL. `xsi:nil` is allowed everywhere: .NET and PHP write it
 * for "nothing", and nothing it is.
 */
export function createSchema(): XsdValidator {
  const wsdl = XmlDocument.fromString(WSDL);
  const schema = wsdl.get('//xs:schema', { xs: 'http://www.w3.org/2001/XMLSchema' }) as XmlElement;
  // The schema uses prefixes that the WSDL declares above it.
  const declarations = Object.entries(wsdl.root.nsDeclarations).map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`);
  const text = schema
    .toString()
    .replace('<xs:schema', () => `<xs:schema${declarations.join('')}`)
    .replaceAll('<xs:element ', '<xs:element nillable="true" ');
  wsdl.dispose();
  const document = XmlDocument.fromString(text);
  const validator = XsdValidator.fromDoc(document);
  document.dispose();
  return validator;
}
