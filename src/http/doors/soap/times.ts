import { XmlElement, type XmlText } from 'libxml2-wasm';
import { elementsIn } from './elements.ts';
import { TIMES } from './schemas.ts';

/**
 * Replaces the times in an operation by valid ones before the XSD check. Returns whether it replaced
 * any.
 *
 * An impossible date (such as 30 February) then invalidates only its item, and a blank one means no value: the
 * record's own check decides. The values are read from the original message. Text that is not written like a
 * time still violates the schema.
 */
export function standInForTimes(operation: XmlElement): boolean {
  let isChanged = false;
  for (const element of operation.find(TIME_ELEMENTS)) {
    if (!(element instanceof XmlElement) || element.content === STAND_IN) continue;
    // Trimmed first, because space on both sides of a pattern takes quadratic time when the pattern does not match.
    if (!WRITTEN_AS_TIME.test(element.content.trim()) || elementsIn(element).length > 0 || isNil(element)) continue;
    const [first, ...rest] = element.find('./text()') as XmlText[];
    for (const text of rest) text.content = '';
    if (first) first.content = STAND_IN;
    else element.addText(STAND_IN);
    isChanged = true;
  }
  return isChanged;
}

function isNil({ attrs }: XmlElement): boolean {
  return attrs.some(({ name, namespaceUri }) => name === 'nil' && namespaceUri === XSI);
}

const TIME_ELEMENTS = `.//*[${TIMES.map((name) => `local-name() = '${name}'`).join(' or ')}]`;
const WRITTEN_AS_TIME = /^(?:\d{4}-\d\d-\d\d(?:[Tt ][\d:.]*(?:[Zz]|[+-][\d:]*)?)?)?$/;
const STAND_IN = '2000-01-01T00:00:00+07:00';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
