import {
  XmlBufferInputProvider,
  XmlDocument,
  type XmlElement,
  XsdValidator,
  xmlCleanupInputProvider,
  xmlRegisterInputProvider,
} from 'libxml2-wasm';
import { ENVELOPES } from './versions.ts';
import { HUB_NAMESPACE, WSDL } from './wsdl.ts';

/** Checkers by the schema that stands in the WSDL. */
export interface Schemas {
  /** Of an element in a Body. */
  readonly message: XsdValidator;
  /** Of a whole envelope of either version that has no Header: one Body with one message. */
  readonly plainEnvelope: XsdValidator;
}

/** `xsi:nil` is allowed everywhere: .NET and PHP write it for "nothing", and nothing it is. */
export function createSchemas(): Schemas {
  const wsdl = XmlDocument.fromString(WSDL);
  const schema = wsdl.get('//xs:schema', { xs: XSD }) as XmlElement;
  // The schema uses prefixes that the WSDL declares above it.
  const declarations = Object.entries(wsdl.root.nsDeclarations).map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`);
  const hub = schema
    .toString()
    .replace('<xs:schema', () => `<xs:schema${declarations.join('')}`)
    .replaceAll('<xs:element ', '<xs:element nillable="true" ');
  wsdl.dispose();
  return { message: validatorOf(hub, {}), plainEnvelope: plainEnvelope(hub) };
}

const XSD = 'http://www.w3.org/2001/XMLSchema';

function plainEnvelope(hub: string): XsdValidator {
  const files: Record<string, string> = { 'hub.xsd': hub };
  const imports = [`<xs:import namespace="${HUB_NAMESPACE}" schemaLocation="hub.xsd"/>`];
  for (const [version, namespace] of Object.entries(ENVELOPES)) {
    files[`${version}.xsd`] =
      `<xs:schema xmlns:xs="${XSD}" targetNamespace="${namespace}" elementFormDefault="qualified">${imports[0]}<xs:element name="Envelope"><xs:complexType><xs:sequence><xs:element name="Body"><xs:complexType><xs:sequence><xs:any namespace="${HUB_NAMESPACE}" processContents="strict"/></xs:sequence><xs:anyAttribute processContents="lax"/></xs:complexType></xs:element></xs:sequence><xs:anyAttribute processContents="lax"/></xs:complexType></xs:element></xs:schema>`;
    imports.push(`<xs:import namespace="${namespace}" schemaLocation="${version}.xsd"/>`);
  }
  return validatorOf(`<xs:schema xmlns:xs="${XSD}">${imports.join('')}</xs:schema>`, files);
}

/** @param files what the schema imports, by its name there; nothing else can be read */
function validatorOf(schema: string, files: Readonly<Record<string, string>>): XsdValidator {
  const bytes = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]);
  xmlRegisterInputProvider(new XmlBufferInputProvider(Object.fromEntries(bytes)));
  const document = XmlDocument.fromString(schema);
  try {
    return XsdValidator.fromDoc(document);
  } finally {
    document.dispose();
    xmlCleanupInputProvider();
  }
}
