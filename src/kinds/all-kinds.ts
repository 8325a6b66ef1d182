import type { Kind } from '#core/records/kind';
import { payment } from './payment/kind.ts';
import { petition } from './petition/kind.ts';
import { postalOrder } from './postal-order/kind.ts';
import { question } from './question/kind.ts';
import { rating } from './rating/kind.ts';

/** The kinds of record of this hub, beside dossiers. A new kind is a folder here and a line below. */
export const ALL_KINDS: readonly Kind[] = [question, petition, rating, postalOrder, payment];
