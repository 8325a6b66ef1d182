import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { below, type Leaf, leavesOf, type ShowText, shownValue } from '#core/masking/body-masking';
import { maskNamesIn } from '#core/masking/masking';
import type { Mentions } from '#core/masking/mentions';
import { say } from '#messages/message';
import { nextTurn } from '../../../concurrency/yielding.ts';
import { type BodyView, noteOf } from './body-view.ts';
import { openedText, XML } from './inside-texts.ts';
import { type Budget, budgetBeside, DEEPEST, markupIn, TooDeep } from './limits.ts';
import { showInTurns } from './show-in-turns.ts';
import { partOfXml } from './xml-part.ts';

/** A node of an ordered document: one member (its element or text), and `:@` for attributes. */
type XmlNode = Readonly<Record<string, unknown>>;

const IN_ORDER = { ...XML, preserveOrder: true } as const;
const parser = new XMLParser({ ...IN_ORDER, trimValues: true, maxNestedTags: DEEPEST });
const builder = new XMLBuilder({ ...IN_ORDER, format: true, indentBy: '  ', suppressEmptyNode: true });

/** A page is a partner's words to people, and its elements do not say what they hold. */
const PAGE = /^\s*<(?:!doctype\s+)?html[\s>]/i;

/** Shows an XML body. Undefined when it is broken. */
export async function viewXml(body: Buffer, mayBePersonal: boolean, people?: Mentions): Promise<BodyView | undefined> {
  const { xml, note } = await partOfXml(body);
  if (xml === '') return { format: 'hidden', text: '', ...noteOf(say('element-too-large-to-show')) };
  try {
    const valid = XMLValidator.validate(xml);
    if (valid !== true) throw new Error(valid.err.msg);
    // Each step takes tens of milliseconds for 5,000 elements.
    await nextTurn();
    const parsed = parser.parse(xml) as readonly XmlNode[];
    await nextTurn();
    const nodes = openedXml(parsed, budgetBeside(markupIn(xml)));
    const showText = await showInTurns(xmlLeaves(nodes, ''), mayBePersonal, people);
    const show: ShowText = mayBePersonal || !PAGE.test(xml) ? showText : (leaf) => maskNamesIn(showText(leaf));
    await nextTurn();
    const seen = shownXml(nodes, '', show);
    await nextTurn();
    const text = String(builder.build(seen)).trim();
    return { format: 'xml', text, ...noteOf(note) };
  } catch (error) {
    if (/nested tags/i.test((error as Error).message)) throw new TooDeep();
    return undefined;
  }
}

/** The nodes with the JSON or XML inside their texts opened. */
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

/** The path of an element, without namespace prefixes. */
function belowElement(parent: string, element: string): string {
  return below(parent, element.split(':').at(-1) ?? '');
}
