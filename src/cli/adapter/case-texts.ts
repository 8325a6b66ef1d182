import { parseExactly, replaceNumbers } from '#core/exact-json';
import { leavesOf } from '#core/masking/body-masking';
import { type Inventor, unescaped } from './invented.ts';

/**
 * Parses JSON and writes it again member by member. So escaped values are found too, also JSON inside a text. Numbers keep
 * their digits.
 */
export function inventedBody(body: string, inventor: Inventor, indent = 2): string {
  const value = jsonIn(body);
  if (typeof value !== 'object' || value === null) return inventor.invent(body);
  const marked: unknown = JSON.parse(replaceNumbers(body, (token) => `"${NUMBER}${token}"`));
  const text = JSON.stringify(invented(marked, inventor), undefined, indent);
  return text.replaceAll(MARKED, (_, written: string) => {
    // An invented identity number begins with 0, a number does not.
    const number = written.replace(/^0(?=\d)/, '1');
    return JSON_NUMBER.test(number) ? number : `"${written}"`;
  });
}

/** Marks a text that stands for a number. It is no character, so texts do not contain it. */
const NUMBER = '\uffff';
const MARKED = new RegExp(`"${NUMBER}([^"]*)"`, 'g');
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Replaces all texts, names and numbers of a JSON value by invented ones. */
export function invented(value: unknown, inventor: Inventor): unknown {
  if (Array.isArray(value)) return value.map((one) => invented(one, inventor));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [inventor.invent(name), invented(one, inventor)]),
    );
  if (typeof value === 'string') return inventedBody(value, inventor, 0);
  if (typeof value !== 'number') return value;
  const text = inventor.invent(String(value));
  return text === String(value) ? value : Number(text);
}

/** All texts of a body with the names of their members, including JSON and XML inside texts, and the whole text. */
export function leavesIn(text: string, depth = 0): ReturnType<typeof leavesOf> {
  const value = jsonIn(text);
  if (typeof value === 'object' && value !== null)
    return leavesOf(value).flatMap((leaf) =>
      depth < 5 && isNested(leaf.text) ? leavesIn(leaf.text, depth + 1) : leaf,
    );
  const plain = text
    .replaceAll(/<!\[CDATA\[|\]\]>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    // Names that look like addresses.
    .replaceAll(/\s(?:xmlns(?::[\w.-]+)?|[\w.-]+:schemaLocation)=(?:"[^"]*"|'[^']*')/g, '');
  const elements = [...plain.matchAll(/<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>([^<>]+)</g)];
  const attributes = [...plain.matchAll(/\s(?:[\w.-]+:)?([\w.-]+)="([^"<>]*)"/g)];
  const parameters = [...plain.matchAll(/(?:^|[?&])([\w.-]+)=([^&\s]*)/g)];
  const leafOf = ([, name, found]: RegExpMatchArray) => ({ name: name as string, text: found as string });
  const named = [...elements, ...attributes].map(leafOf);
  const given = parameters.map(leafOf).flatMap(({ name, text: written }) => {
    const value = unescaped(written) ?? written;
    return depth < 5 && isNested(value) ? leavesIn(value, depth + 1) : { name, text: value };
  });
  return [...named, ...given, { name: '', text: plain.replace(/<[^<>]*>/g, ' ') }, { name: '', text: plain }];
}

function isNested(text: string): boolean {
  return /^\s*(?:[[{<]|&lt;)/.test(text);
}

function jsonIn(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}
