import { XMLParser } from 'fast-xml-parser';
import { say } from '#messages/message';
import { textOf } from '../replies.ts';
import { guardBeginning, XmlProblem } from './text.ts';

/** An element: its text, or its children by local name. Attributes are `@name`, text beside them `#text`. */
export type XmlNode = string | XmlElement;
export interface XmlElement {
  readonly [name: string]: XmlNode | readonly XmlNode[];
}

// Values stay as written: "0012" is no number, and blanks count. Old systems write letters as &#x1EA4;.
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: 100,
});

/**
 * Parses a small XML document into an object with its root as the only member.
 *
 * @throws XmlProblem
 */
export function readXml(text: string): XmlElement {
  guardBeginning(text);
  if (hasDoctype(text)) throw new XmlProblem('doctype', say('doctype'));
  try {
    return parser.parse(text, true) as XmlElement;
  } catch (error) {
    const place = /:(\d+):(\d+)$/.exec((error as Error).message);
    throw new XmlProblem(
      'broken',
      place ? say('ill-formed-at', { line: String(place[1]), column: String(place[2]) }) : say('ill-formed'),
    );
  }
}

/** Whether a DOCTYPE stands anywhere, outside comments and CDATA. The parser would take its entities from any place. */
function hasDoctype(text: string): boolean {
  for (let at = text.indexOf('<!'); at >= 0; at = text.indexOf('<!', at + 2)) {
    const close = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : undefined;
    if (close === undefined && /^doctype/i.test(text.slice(at + 2, at + 9))) return true;
    at = close === undefined ? at : text.indexOf(close, at + 4);
    // Not closed: the parser says so.
    if (at < 0) return false;
  }
  return false;
}

/**
 * The nodes at a path such as `ChuHoSo.HoTen` or `*.KetQua.@Ma`: local names, `*` for any one name, lists searched
 * element by element. The empty path is the node itself. Works on parsed JSON too.
 */
export function nodesAt(node: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = flat(node);
  for (const name of path === '' ? [] : path.split('.')) found = found.flatMap((one) => flat(childrenOf(one, name)));
  return found;
}

/** The text of a node, trimmed. Undefined for an element that is nil, blank, absent, or has children. */
export function textIn(node: unknown): string | undefined {
  if (typeof node === 'boolean') return String(node);
  if (typeof node !== 'object' || node === null) return textOf(node);
  const { '#text': text, '@nil': nil } = node as Readonly<Record<string, unknown>>;
  if (nil === 'true' || nil === '1') return undefined;
  return textOf(text);
}

/** The first text at a path. */
export function textAt(node: unknown, path: string): string | undefined {
  for (const one of nodesAt(node, path)) {
    const text = textIn(one);
    if (text !== undefined) return text;
  }
  return undefined;
}

function childrenOf(node: unknown, name: string): unknown {
  if (typeof node !== 'object' || node === null) return undefined;
  const members = node as Readonly<Record<string, unknown>>;
  if (name === '*') return Object.keys(members).flatMap((key) => (/^[@#]/.test(key) ? [] : flat(members[key])));
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function flat(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.flatMap(flat) : [value];
}
