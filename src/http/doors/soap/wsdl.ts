import { readFileSync } from 'node:fs';
import { escapeXml } from './xml.ts';

export const HUB_NAMESPACE = 'urn:lienthong:hub:v1';

/** The operations of the WSDL. */
export type OperationName = 'PushDossiers' | 'PushProgress' | 'GetDossier' | 'Ping';

/** As it stands in the file, its addresses yet to be filled in. */
export const WSDL = readFileSync(new URL('../../../../schemas/hub.wsdl', import.meta.url), 'utf8');

/** The WSDL with its addresses filled in. */
export function wsdlAt(address: string): string {
  // A function, for `$&` in a replacement text would mean something.
  return WSDL.replaceAll('{{ADDRESS}}', () => escapeXml(address));
}
