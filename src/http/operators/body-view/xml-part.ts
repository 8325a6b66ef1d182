import { SaxesParser } from 'saxes';
import { nextTurn } from '../../../concurrency/yielding.ts';
import { lookOver } from '../../doors/soap/guard.ts';
import { inSteps } from '../../doors/soap/steps.ts';
import { SMALL_BYTES } from '../../json-body.ts';
import { MOST_ITEMS, MOST_VALUES, markupIn, TooLarge } from './limits.ts';

interface XmlPart {
  readonly xml: string;
  readonly note: string;
}

/** As much of a document as is shown: whole items of an envelope of ours, or whole elements. */
export async function partOfXml(body: Buffer): Promise<XmlPart> {
  const part = body.length <= SMALL_BYTES ? { xml: body.toString(), note: '' } : await firstOf(body);
  if (part && markupIn(part.xml) <= MOST_VALUES) return part;
  const beginning = beginningOf(body);
  await nextTurn();
  return beginning;
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
