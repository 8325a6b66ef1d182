import { leavesOf } from '#core/masking/body-masking';
import type { Inventor } from './invented.ts';

/** JSON is written anew, member by member, so that what is escaped in it is found too; also within a text. */
export function inventedBody(body: string, inventor: Inventor, indent = 2): string {
  const value = jsonIn(body);
  if (typeof value !== 'object' || value === null) return inventor.invent(body);
  return JSON.stringify(invented(value, inventor), undefined, indent);
}

/** A value read from JSON with all its texts, names and numbers as they are invented. */
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

/** The texts of a body with the names that they stand under, also of JSON and XML within texts, and the whole text. */
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
  const named = [...elements, ...attributes, ...parameters].map(([, name, found]) => ({
    name: name as string,
    text: found as string,
  }));
  return [...named, { name: '', text: plain.replace(/<[^<>]*>/g, ' ') }, { name: '', text: plain }];
}

function isNested(text: string): boolean {
  return /^\s*(?:[[{<]|&lt;)/.test(text);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
