import { XmlElement, type XmlText } from 'libxml2-wasm';
import { elementsIn } from './elements.ts';
import { TIMES } from './schemas.ts';

/**
 * A date that the calendar does not have spoils its item, not the envelope, and a blank one says nothing: what is written
 * as a time is left to the record's own check, and the XSD is shown another in its place. (The values are read from the
 * message itself.) What is no time at all does not fit the schema. Tells whether anything was put in a place.
 */
export function standInForTimes(operation: XmlElement): boolean {
  let isChanged = false;
  for (const element of operation.find(TIME_ELEMENTS)) {
    if (!(element instanceof XmlElement) || element.content === STAND_IN) continue;
    // Trimmed first: space on both sides of a pattern costs the square of its length where the pattern does not fit.
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
