import { SaxesParser } from 'saxes';
import { say, type Words } from '#messages/message';
import { inSteps } from '../../../concurrency/steps.ts';
import { nextTurn } from '../../../concurrency/yielding.ts';
import { lookOver } from '../../doors/soap/guard.ts';
import { SMALL_BYTES } from '../../json-body.ts';
import { MOST_ITEMS, MOST_VALUES, markupIn, TooLarge } from './limits.ts';

interface XmlPart {
  readonly xml: string;
  readonly note: Words | undefined;
}

/** The shown part of a document: whole items of a hub envelope, or whole elements. */
export async function partOfXml(body: Buffer): Promise<XmlPart> {
  const part = body.length <= SMALL_BYTES ? { xml: body.toString(), note: undefined } : await firstOf(body);
  if (part && markupIn(part.xml) <= MOST_VALUES) return part;
  const beginning = beginningOf(body);
  await nextTurn();
  return beginning;
}

/** The first items of a large hub envelope. */
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
  return { xml, note: count < items.length ? say('first-items-shown', { count, all: items.length }) : undefined };

  function sizeOf(many: number): number {
    return (items[many - 1]?.end ?? 0) - (first?.start ?? 0);
  }
}

/** Cuts after the last complete element within the limit, and closes the open elements. */
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
    // Broken or excessive content is not shown.
  }
  const xml = text.slice(0, cut.at);
  // After the cut, only start tags follow.
  const ends = open.slice(0, cut.depth).map((name) => `</${name}>`);
  return {
    xml: xml + ends.reverse().join(''),
    note:
      cut.depth === 0 ? undefined : say('first-bytes-of-shown', { count: Buffer.byteLength(xml), all: body.length }),
  };
}
