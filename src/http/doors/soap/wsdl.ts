import { readFileSync } from 'node:fs';
import { escapeXml } from './xml.ts';

export const HUB_NAMESPACE = 'urn:lienthong:hub:v1';

/** The operations of the WSDL. */
export type OperationName = 'PushDossiers' | 'PushProgress' | 'GetDossier' | 'Ping';

/** The file unchanged, with placeholders for the addresses. */
export const WSDL = readFileSync(new URL('../../../../schemas/hub.wsdl', import.meta.url), 'utf8');

/** The WSDL with its addresses filled in. */
export function wsdlAt(address: string): string {
  // A function, because `$&` has a meaning in a replacement text.
  return WSDL.replaceAll('{{ADDRESS}}', () => escapeXml(address));
}
