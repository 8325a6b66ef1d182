import { XMLParser } from 'fast-xml-parser';
import { parseExactly } from '#core/exact-json';
import { type Budget, DEEPEST, markupIn, TooDeep, valuesIn } from './limits.ts';

/** Options that read XML unchanged. */
export const XML = {
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
} as const;
/** For XML inside a text: an object, because order does not matter here. */
const treeParser = new XMLParser({ ...XML, removeNSPrefix: true, maxNestedTags: DEEPEST });

/** Parses JSON or XML inside a text, so that its values are masked by their names. */
export function expanded(value: unknown, budget: Budget, depth = 0): unknown {
  if (depth > DEEPEST) throw new TooDeep();
  if (Array.isArray(value)) return value.map((one) => expanded(one, budget, depth + 1));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, expanded(one, budget, depth + 1)]));
  return typeof value === 'string' ? openedText(value, budget, depth) : value;
}

/** Embedded files are base64 without blanks. */
const LONG_TEXT = 2_000;
const OPENED = /^\s*(?:[{[<]|&lt;)/;

export function openedText(text: string, budget: Budget, depth = 0): unknown {
  const isOpened = OPENED.test(text);
  if (!isOpened && text.length > LONG_TEXT && !/\s/.test(text)) return `(${text.length} characters)`;
  const notShown = `(${text.length} characters that are not shown)`;
  if (text.length > budget.characters) return notShown;
  budget.characters -= text.length;
  if (!isOpened) return text;
  const plain = text.includes('&lt;') ? unescaped(text) : text;
  const isXml = plain.trimStart()[0] === '<';
  try {
    // Counts the markup before parsing XML, because parsing takes ten times as long as for JSON.
    if (isXml && markupIn(plain) > budget.values) return notShown;
    const value = isXml ? treeParser.parse(plain, true) : parseExactly(plain);
    const values = valuesIn(value, depth + 1);
    if (values > budget.values) return notShown;
    budget.values -= values;
    return expanded(value, budget, depth + 1);
  } catch {
    // When it is cut or broken, names and values cannot be distinguished.
    return `(${text.length} characters that cannot be read)`;
  }
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
