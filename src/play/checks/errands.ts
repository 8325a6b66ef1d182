import { POSTAL_STATES } from '#schemas/postal-order.v1';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { type Errand, lastStates } from '../day/errand.ts';
import type { Book } from '../participants/participants.ts';
import type { Evidence } from './evidence.ts';
import { compare, type Finding, type Lines, lastOf, linesOf, only } from './finding.ts';

const isOf =
  (kind: string) =>
  (entry: LedgerEntry): boolean =>
    entry.kind === kind;

/** Each order is at the post once, and cancelled once where the one-stop system cancelled it, in that order. */
export function checkPost({ books, specials }: Evidence): readonly Finding[] {
  const book = books.get('vnpost');
  if (!book || specials.errands.length === 0) return [];
  return compare({
    where: 'vnpost',
    holder: 'VNPost',
    expected: linesOf(
      specials.errands.flatMap(({ dossierCode, isCancelled }) =>
        (isCancelled ? ['order', 'cancel'] : ['order']).map((line) => ({ key: dossierCode, line })),
      ),
      keyOf,
      ({ line }) => line,
    ),
    found: linesOf(eachTime(book), keyOf, ({ kind }) => kind),
    by: 'order',
  });
}

/** Each payment is at the platform once, with its amount, and is paid once where its citizen could pay. */
export function checkPlatform({ books, specials }: Evidence): readonly Finding[] {
  const book = books.get('payment-platform');
  if (!book || specials.errands.length === 0) return [];
  return compare({
    where: 'payment-platform',
    holder: 'the payment platform',
    expected: linesOf(
      specials.errands.flatMap((errand) => [
        { key: errand.reference, line: `a payment of ${errand.amountVnd}` },
        ...(lastStates(errand).payment === 'paid' ? [{ key: errand.reference, line: `${errand.amountVnd} paid` }] : []),
      ]),
      keyOf,
      ({ line }) => line,
    ),
    found: linesOf(eachTime(book), keyOf, ({ kind, content }) => {
      const { SoTien, amount } = content as { readonly SoTien?: string; readonly amount?: number };
      return kind === 'paid' ? `${amount} paid` : `a ${kind} of ${SoTien}`;
    }),
    by: 'order',
  });
}

/** The hub and the one-stop system have the last state of each order and payment, and no state came after a later one. */
export function checkStates({ books, specials, records }: Evidence): readonly Finding[] {
  const { errands } = specials;
  if (errands.length === 0) return [];
  const expected: Lines = new Map(
    errands.flatMap((errand) => {
      const { order, payment } = lastStates(errand);
      return [
        [`postal-order ${errand.dossierCode}`, [order]],
        [`payment ${errand.reference}`, [payment]],
      ];
    }),
  );
  const found = only(
    linesOf(
      records.listed,
      ({ name }) => name,
      ({ state }) => state,
    ),
    (name) => expected.has(name),
  );
  const fed = only(
    lastOf(
      linesOf(
        records.changes,
        ({ name }) => name,
        ({ state }) => state,
      ),
    ),
    (name) => expected.has(name),
  );
  return [
    ...compare({ where: 'records', holder: 'the list', expected, found, by: 'state' }),
    ...compare({ where: 'records', holder: 'the feed of its kind', expected, found: fed, by: 'state' }),
    ...overtakenAtOneStop(books.get('one-stop'), errands),
  ];
}

/** Two states of one moment may come in one report, so that a state is skipped; none comes back. */
function overtakenAtOneStop(book: Book | undefined, errands: readonly Errand[]): readonly Finding[] {
  const ranks: readonly string[] = POSTAL_STATES;
  const states = linesOf(
    (book?.entries ?? []).filter(isOf('postal-order')),
    keyOf,
    ({ content }) => (content as { readonly state: string }).state,
  );
  return errands.flatMap(({ dossierCode }) => {
    const own = (states.get(dossierCode) ?? []).map((state) => ranks.indexOf(state));
    const isOrdered = own.every((rank, at) => at === 0 || rank >= (own[at - 1] as number));
    const text = `${dossierCode}: the one-stop system got the states ${states.get(dossierCode)?.join(', ')}`;
    return isOrdered ? [] : [{ kind: 'overtaken', text, where: 'one-stop' }];
  });
}

const keyOf = ({ key }: { readonly key: string }): string => key;

/** A participant's entries, each as often as it was taken. */
function eachTime({ entries }: Book): readonly LedgerEntry[] {
  return entries.flatMap((entry) => Array.from({ length: entry.count }, () => entry));
}
