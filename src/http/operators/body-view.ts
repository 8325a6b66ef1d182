import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';
import { below, createShowText, type Leaf, leavesOf, type ShowText, shownValue } from '#core/body-masking';
import { lookOver } from '../doors/soap/guard.ts';
import { inSteps } from '../doors/soap/steps.ts';
import { parseList, parseWhole, parseWithList, SMALL_BYTES } from '../json-body.ts';
import { Refusal } from '../problem.ts';
import { nextTurn } from '../turns.ts';

/** A body as an operator reads it. */
export interface BodyView {
  readonly format: 'json' | 'ndjson' | 'xml' | 'text' | 'hidden';
  /** Indented; secrets never, what is personal masked unless the key may see it. */
  readonly text: string;
  /** What is not shown of it, and why. */
  readonly note?: string;
}

/** Of a long list so many items are shown. */
const MOST_ITEMS = 50;
/** So many values are shown of any body: each is looked through for what is to be masked, while others wait. */
const MOST_VALUES = 5_000;
/** So long all texts are that are looked through: those of a small body, and what is opened of them. */
const MOST_CHARACTERS = 2 * SMALL_BYTES;
/** A name as long counts as one value more. */
const LONG_NAME = 100;
const MOST_IN_A_LIST = 100_000;

/** No record is nested so deep; whoever sends more wants to see the reader fall. */
const DEEPEST = 100;

class TooDeep extends Error {}

/** Nobody would read so many values of one thing. */
class TooLarge extends Error {}

/**
 * Show a body. What is neither JSON nor XML cannot be masked, so only a key that may see personal data reads it; what
 * is nested over 100 deep nobody.
 *
 * @param mayBePersonal whether the key may see personal data
 */
export async function viewBody(body: Buffer, mayBePersonal: boolean): Promise<BodyView> {
  if (body.length === 0) return { format: 'text', text: '' };
  try {
    const first = String.fromCharCode(body.find((byte) => byte > 0x20 && byte < 0x80) ?? 0);
    if (first === '<') return await viewXml(body, mayBePersonal);
    return (
      (await viewJson(body, mayBePersonal)) ?? (await viewLines(body, mayBePersonal)) ?? viewText(body, mayBePersonal)
    );
  } catch (error) {
    if (error instanceof TooLarge)
      return { format: 'hidden', text: '', note: 'it is one object with more in it than is shown' };
    if (!(error instanceof TooDeep)) throw error;
    return { format: 'hidden', text: '', note: `it is nested more than ${DEEPEST} deep` };
  }
}

async function viewJson(body: Buffer, mayBePersonal: boolean): Promise<BodyView | undefined> {
  try {
    const beginning = body.length <= SMALL_BYTES ? await beginningOfWhole(parseWhole(body)) : await part(body);
    const { note } = beginning;
    return {
      format: 'json',
      text: JSON.stringify(await shown(beginning, mayBePersonal), null, 2),
      ...(note && { note }),
    };
  } catch (error) {
    if (error instanceof TooDeep || error instanceof TooLarge) throw error;
    if (error instanceof Refusal && error.kind === 'too-large') throw new TooLarge();
    return undefined;
  }
}

interface Beginning<Value = unknown> {
  readonly value: Value;
  /** How many values there are in it, those not counted that stand inside of texts. */
  readonly values: number;
  readonly note: string;
}

async function beginningOfWhole(value: unknown): Promise<Beginning> {
  const values = valuesIn(value);
  if (values <= MOST_VALUES) return { value, values, note: '' };
  if (Array.isArray(value)) return beginningOfList(value);
  throw new TooLarge();
}

/** The beginning of a large body, parsed in turns with other requests. */
async function part(body: Buffer): Promise<Beginning> {
  const list = await parseList(body, MOST_IN_A_LIST);
  if (list) return beginningOfList(list);
  const whole = (await parseWithList(body, 'data', MOST_IN_A_LIST)) as { data?: unknown };
  const { data, ...rest } = whole;
  if (!Array.isArray(data)) return beginningOfWhole(whole);
  const own = valuesIn(rest);
  if (own > MOST_VALUES) throw new TooLarge();
  const { value, values, note } = await beginningOfList(data, MOST_VALUES - own);
  return { value: { ...whole, data: value }, values: own + values, note };
}

async function beginningOfList(list: readonly unknown[], most = MOST_VALUES): Promise<Beginning<unknown[]>> {
  const value: unknown[] = [];
  let values = 0;
  for (const item of list.slice(0, MOST_ITEMS)) {
    const own = valuesIn(item);
    const isLarge = typeof item === 'symbol' || own > most;
    const counted = isLarge ? 1 : own;
    if (values + counted > most) break;
    values += counted;
    value.push(isLarge ? '(larger than is shown)' : item);
    // It may have 100,000 members, and so may the next one.
    if (isLarge) await nextTurn();
  }
  const note = value.length < list.length ? `the first ${value.length} of ${list.length} items are shown` : '';
  return { value, values, note };
}

/** How many values there are in one, itself counted, up to a little more than are shown. */
function valuesIn(value: unknown, depth = 0): number {
  if (depth > DEEPEST) throw new TooDeep();
  if (typeof value !== 'object' || value === null) return 1;
  const members = Object.keys(value);
  if (members.length > MOST_VALUES) return members.length;
  let count = 1;
  for (const member of members) {
    count += valuesIn((value as Record<string, unknown>)[member], depth + 1) + Math.floor(member.length / LONG_NAME);
    if (count > MOST_VALUES) break;
  }
  return count;
}

async function viewLines(body: Buffer, mayBePersonal: boolean): Promise<BodyView | undefined> {
  const lines = body.toString('utf8', 0, SMALL_BYTES).split('\n').slice(0, MOST_ITEMS);
  const parsed: unknown[] = [];
  try {
    // The last line may be cut.
    for (const line of lines.length > 1 ? lines.slice(0, -1) : lines) if (line.trim()) parsed.push(JSON.parse(line));
  } catch {
    return undefined;
  }
  const beginning = await beginningOfList(parsed);
  const text = ((await shown(beginning, mayBePersonal)) as unknown[]).map((one) => JSON.stringify(one)).join('\n');
  return { format: 'ndjson', text, note: `the first ${beginning.value.length} lines are shown` };
}

async function shown({ value, values }: Beginning, mayBePersonal: boolean): Promise<unknown> {
  const whole = expanded(value, budgetBeside(values));
  await nextTurn();
  return shownValue(whole, createShowText(leavesOf(whole), mayBePersonal));
}

/** How much more is looked through of a body. */
interface Budget {
  /** That stand inside of texts. */
  values: number;
  characters: number;
}

function budgetBeside(values: number): Budget {
  return { values: MOST_VALUES - values, characters: MOST_CHARACTERS };
}

/** What stands in a text as JSON or XML of its own is opened, so that it is read, and masked, by its names. */
function expanded(value: unknown, budget: Budget, depth = 0): unknown {
  if (depth > DEEPEST) throw new TooDeep();
  if (Array.isArray(value)) return value.map((one) => expanded(one, budget, depth + 1));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, expanded(one, budget, depth + 1)]));
  return typeof value === 'string' ? openedText(value, budget, depth) : value;
}

/** Files come as base64 without a blank. */
const LONG_TEXT = 2_000;
const OPENED = /^\s*(?:[{[<]|&lt;)/;

function openedText(text: string, budget: Budget, depth = 0): unknown {
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

function viewText(body: Buffer, mayBePersonal: boolean): BodyView {
  const cut = body.length > SMALL_BYTES ? { note: `the first ${SMALL_BYTES} bytes are shown` } : {};
  if (!mayBePersonal)
    return {
      format: 'hidden',
      text: '',
      note: 'it is neither JSON nor XML, so what is personal in it cannot be masked',
    };
  const show = createShowText([], true);
  const text = body.toString('utf8', 0, SMALL_BYTES);
  // Forms: name=value. Looked for where a name begins: from each letter of a long word it would take minutes.
  return {
    format: 'text',
    text: text.replaceAll(
      /(?<![\w.-])([\w.-]+)=([^&\s]*)/g,
      (_, name, value) => `${name}=${show({ name, text: value })}`,
    ),
    ...cut,
  };
}

/** A node of a document in order: one member, its element or text, and `:@` for attributes. */
type XmlNode = Readonly<Record<string, unknown>>;

const XML = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
} as const;
const parser = new XMLParser({ ...XML, trimValues: true, maxNestedTags: 100 });
/** For XML inside of a text: as an object, whose order does not matter. */
const treeParser = new XMLParser({ ...XML, preserveOrder: false, removeNSPrefix: true, maxNestedTags: 100 });
const builder = new XMLBuilder({ ...XML, format: true, indentBy: '  ', suppressEmptyNode: true });

async function viewXml(body: Buffer, mayBePersonal: boolean): Promise<BodyView> {
  const { xml, note } = await partOfXml(body);
  if (xml === '') return { format: 'hidden', text: '', note: 'it begins with an element that is larger than is shown' };
  try {
    const valid = XMLValidator.validate(xml);
    if (valid !== true) throw new Error(valid.err.msg);
    // Each takes tens of milliseconds of 5,000 elements where nothing was read before.
    await nextTurn();
    const parsed = parser.parse(xml) as readonly XmlNode[];
    await nextTurn();
    const nodes = openedXml(parsed, budgetBeside(markupIn(xml)));
    const show = createShowText(xmlLeaves(nodes, ''), mayBePersonal);
    await nextTurn();
    const seen = shownXml(nodes, '', show);
    await nextTurn();
    const text = String(builder.build(seen)).trim();
    return { format: 'xml', text, ...(note && { note }) };
  } catch (error) {
    if (/nested tags/i.test((error as Error).message)) throw new TooDeep();
    return viewText(body, mayBePersonal);
  }
}

interface XmlPart {
  readonly xml: string;
  readonly note: string;
}

async function partOfXml(body: Buffer): Promise<XmlPart> {
  const part = body.length <= SMALL_BYTES ? { xml: body.toString(), note: '' } : await firstOf(body);
  if (part && markupIn(part.xml) <= MOST_VALUES) return part;
  const beginning = beginningOf(body);
  await nextTurn();
  return beginning;
}

/** As many elements and attributes as XML has at most, up to a little more than are shown. */
function markupIn(xml: string): number {
  let count = 0;
  for (const _ of xml.matchAll(/<[^/]|=\s*["']/g)) if (++count > MOST_VALUES) break;
  return count;
}

/** Of a large envelope of ours its first items. */
async function firstOf(body: Buffer): Promise<XmlPart | undefined> {
  const items = await inSteps(lookOver(body)).then(
    (layout) => layout.items,
    () => [],
  );
  const [first] = items;
  if (!first) return undefined;
  let count = 1;
  while (count < Math.min(items.length, MOST_ITEMS) && sizeOf(count + 1) <= SMALL_BYTES) count++;
  if (sizeOf(count) > SMALL_BYTES) return undefined;
  const tail = body.subarray(items.at(-1)?.end);
  const xml = Buffer.concat([body.subarray(0, items[count - 1]?.end), tail]).toString();
  return { xml, note: count < items.length ? `the first ${count} of ${items.length} items are shown` : '' };

  function sizeOf(many: number): number {
    return (items[many - 1]?.end ?? 0) - (first?.start ?? 0);
  }
}

/** Cut behind the last element that is whole and not beyond what is looked through, with what is open there closed. */
function beginningOf(body: Buffer): XmlPart {
  const text = body.toString('utf8', 0, SMALL_BYTES);
  const open: string[] = [];
  let cut = { at: 0, depth: 0 };
  let values = 0;
  const count = (more = 1): void => {
    values += more;
    if (values > MOST_VALUES) throw new TooLarge();
  };
  const reader = new SaxesParser();
  reader.on('opentag', ({ name, attributes }) => {
    open.push(name);
    count(1 + Object.keys(attributes).length);
  });
  reader.on('closetag', () => {
    open.pop();
    cut = { at: reader.position, depth: open.length };
  });
  for (const other of ['cdata', 'comment', 'processinginstruction'] as const) reader.on(other, () => count());
  try {
    reader.write(text);
  } catch {
    // What is broken there, or too much, is not shown.
  }
  const xml = text.slice(0, cut.at);
  // Behind it elements were opened alone.
  const ends = open.slice(0, cut.depth).map((name) => `</${name}>`);
  return {
    xml: xml + ends.reverse().join(''),
    note: cut.depth === 0 ? '' : `the first ${Buffer.byteLength(xml)} of ${body.length} bytes are shown`,
  };
}

/** With what stands inside of its texts as JSON or XML. */
function openedXml(nodes: readonly XmlNode[], budget: Budget): readonly XmlNode[] {
  return nodes.map((node) =>
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        if (key === '#text') return [key, openedText(String(value), budget)];
        return [key, Array.isArray(value) ? openedXml(value as XmlNode[], budget) : value];
      }),
    ),
  );
}

function xmlLeaves(nodes: readonly XmlNode[], name: string): Leaf[] {
  return nodes.flatMap((node) =>
    Object.entries(node).flatMap(([key, value]): Leaf[] => {
      if (key === '#text' || key === ':@') return leavesOf(value, name);
      return Array.isArray(value) ? xmlLeaves(value as XmlNode[], belowElement(name, key)) : [];
    }),
  );
}

function shownXml(nodes: readonly XmlNode[], name: string, show: ShowText): readonly XmlNode[] {
  return nodes.map((node) =>
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => {
        if (key === '#text') return [key, shownText(value, name, show)];
        if (key === ':@') return [key, shownValue(value, show, name)];
        return [key, Array.isArray(value) ? shownXml(value as XmlNode[], belowElement(name, key), show) : value];
      }),
    ),
  );
}

function shownText(opened: unknown, name: string, show: ShowText): string {
  const value = shownValue(opened, show, name);
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** Whatever the prefix of its namespace is. */
function belowElement(parent: string, element: string): string {
  return below(parent, element.split(':').at(-1) ?? '');
}

export interface WireView {
  readonly method: string;
  readonly url: string;
  readonly status?: number;
  readonly request: BodyView;
  readonly reply: BodyView;
}

/** What went over the wire of one attempt, call by call. */
export async function viewWire(kept: string, mayBePersonal: boolean): Promise<readonly WireView[]> {
  const calls = JSON.parse(kept) as readonly (Omit<WireView, 'request' | 'reply'> &
    Record<'request' | 'reply', string>)[];
  const views: WireView[] = [];
  for (const { method, url, status, request, reply } of calls)
    views.push({
      method,
      url: shownUrl(url, mayBePersonal),
      ...(status !== undefined && { status }),
      request: await viewBody(Buffer.from(request), mayBePersonal),
      reply: await viewBody(Buffer.from(reply), mayBePersonal),
    });
  return views;
}

/** Parameters may carry secrets, and paths numbers of people. */
function shownUrl(url: string, mayBePersonal: boolean): string {
  const show = createShowText([], mayBePersonal);
  const [path = '', query] = url.split('?', 2) as [string, string?];
  const parameters = (query ?? '').split('&').map((one) => {
    const [name = '', value] = one.split('=', 2) as [string, string?];
    return value === undefined ? one : `${name}=${show({ name, text: value })}`;
  });
  return query === undefined ? path : `${path}?${parameters.join('&')}`;
}
