import Type from 'typebox';
import type { EffectItem, EffectPage, EffectPlace } from '../../operator-orders/mapping-effect.ts';
import type { Cursors } from '../cursor.ts';
import { numeral } from '../lists.ts';

const A_PAGE = 50;

/** Milliseconds of reading, in a body and in a query. */
export const MostMs = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 10_000, description: 'how long the hub reads messages: 1 to 10,000 ms' }),
);
export const MostMsText = numeral(
  '^(?:[1-9][0-9]{0,3}|10000)$',
  1,
  10_000,
  'how long the hub reads messages: 1 to 10,000 ms',
);

/** The page of an effect that begins at a cursor, and one item more. @throws Refusal 400 for a cursor of another list */
export function effectPage(cursors: Cursors, list: string, cursor: string | undefined): EffectPage {
  return { after: cursors.read(list, cursor) as EffectPlace | undefined, most: A_PAGE + 1 };
}

/** The effect with its page of items, and the cursor of the next page or null. */
export function pageOfEffect<
  Item extends Pick<EffectItem, 'messageId' | 'item'>,
  Effect extends { readonly items: readonly Item[] },
>(
  cursors: Cursors,
  list: string,
  effect: Effect & { readonly items: readonly Item[] },
): Effect & { readonly next: string | null } {
  const items = effect.items.slice(0, A_PAGE);
  const last = items.at(-1);
  const hasMore = last !== undefined && effect.items.length > A_PAGE;
  return { ...effect, items, next: hasMore ? cursors.write(list, [last.messageId, last.item]) : null };
}
