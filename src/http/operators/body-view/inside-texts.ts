import { XMLParser } from 'fast-xml-parser';
import { type Budget, DEEPEST, markupIn, TooDeep, valuesIn } from './limits.ts';

/** How XML is read: as it stands there. */
export const XML = {
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
} as const;
/** For XML inside of a text: as an object, whose order does not matter. */
const treeParser = new XMLParser({ ...XML, removeNSPrefix: true, maxNestedTags: DEEPEST });

/** What stands in a text as JSON or XML of its own is opened, so that it is read, and masked, by its names. */
export function expanded(value: unknown, budget: Budget, depth = 0): unknown {
  if (depth > DEEPEST) throw new TooDeep();
  if (Array.isArray(value)) return value.map((one) => expanded(one, budget, depth + 1));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, expanded(one, budget, depth + 1)]));
  return typeof value === 'string' ? openedText(value, budget, depth) : value;
}

/** Files come as base64 without a blank. */
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
    // XML is counted before it is parsed, which takes ten times as long as JSON.
    if (isXml && markupIn(plain) > budget.values) return notShown;
    const value = isXml ? treeParser.parse(plain, true) : JSON.parse(plain);
    const values = valuesIn(value, depth + 1);
    if (values > budget.values) return notShown;
    budget.values -= values;
    return expanded(value, budget, depth + 1);
  } catch {
    // Cut or broken, its names cannot be told from its values.
    return `(${text.length} characters that cannot be read)`;
  }
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
