import { changeCode, KINDS, type Kind } from '#core/statistics/changes';
import type { Column } from '#core/statistics/columns';
import { FIRST_DAY, LAST_DAY, spansBetween } from '#core/statistics/spans';
import type { Run } from '../database/transaction.ts';
import type { DossiersQuestion } from './question.ts';
import { ALL_AGENCIES, newValues, type Values } from './sources.ts';

/** Which dossiers may be behind a number: those with a change of these kinds on these days, and perhaps pending ones. */
interface Candidates {
  readonly changes: readonly { readonly kinds: readonly Kind[]; readonly first: string; readonly last: string }[];
  readonly withPending: boolean;
}

const RESOLVED: readonly Kind[] = ['early', 'on_time', 'late'];
const EVENTS: Readonly<Partial<Record<Column, readonly Kind[]>>> = {
  'received.online': ['received'],
  'received.direct': ['received'],
  resolved: RESOLVED,
  'resolved.early': ['early'],
  'resolved.onTime': ['on_time'],
  'resolved.late': ['late'],
};

function candidatesOf({ column, from, to }: DossiersQuestion): Candidates {
  const [first, last] = [from.slice(0, 10), to.slice(0, 10)];
  const events = EVENTS[column];
  if (events) return { changes: [{ kinds: events, first, last }], withPending: false };
  // Pending at the end of the period or at its beginning: resolved later, or not yet.
  if (column.startsWith('pending'))
    return {
      changes: [{ kinds: column === 'pending.late' ? ['settled'] : RESOLVED, first: last, last: LAST_DAY }],
      withPending: true,
    };
  const open = { kinds: RESOLVED, first, last: LAST_DAY };
  if (column === 'received.carriedOver') return { changes: [open], withPending: true };
  return { changes: [open, { kinds: ['received'], first, last }], withPending: true };
}

/** An upper bound of the candidates, from the totals. */
export async function countCandidates(run: Run, asked: DossiersQuestion): Promise<number> {
  const { rule } = asked;
  const { changes, withPending } = candidatesOf(asked);
  const parts = [
    ...changes.map(({ kinds, first, last }) => ({ kinds, sign: 1, spans: spansBetween(first, last) })),
    ...(withPending
      ? [
          { kinds: ['received'] as const, sign: 1, spans: spansBetween(FIRST_DAY, LAST_DAY) },
          { kinds: RESOLVED, sign: -1, spans: spansBetween(FIRST_DAY, LAST_DAY) },
        ]
      : []),
  ];
  const values = newValues();
  const texts = parts.flatMap(({ kinds, sign, spans }) =>
    spans.map(({ span, first, last, sign: spanSign }) => {
      const sum = kinds.map((kind) => `coalesce(sum(${kind}_${rule}), 0)`).join(' + ');
      return `(SELECT ${sign * spanSign} * (${sum}) FROM agency_totals
        WHERE agency_code = '${ALL_AGENCIES}' AND span = ${values.add(span, 'text')} AND since BETWEEN ${values.add(first, 'date')} AND ${values.add(last, 'date')})`;
    }),
  );
  const [found] = await run<{ n: number }>(`SELECT (${texts.join(' + ')})::int4 AS n`, values.list);
  return found?.n ?? 0;
}

/** SQL: the candidates, some of them perhaps twice. */
export async function candidateTexts(run: Run, asked: DossiersQuestion, values: Values): Promise<readonly string[]> {
  const { rule } = asked;
  const { changes, withPending } = candidatesOf(asked);
  const codes: number[] = [];
  for (const { kinds, first, last } of changes)
    for (const day of await daysWith(run, rule, kinds, first, last))
      codes.push(...kinds.map((kind) => changeCode(rule, kind, day)));
  return [
    `SELECT * FROM counted c WHERE c.changes && ${values.add(codes, 'int4[]')}`,
    // The words of the partial index counted_pending.
    ...(withPending ? [`SELECT * FROM counted c WHERE c.began_${rule} IS NOT NULL AND c.ended_${rule} IS NULL`] : []),
  ];
}

/** The days of a period on which any dossier has a change of these kinds. */
async function daysWith(
  run: Run,
  rule: DossiersQuestion['rule'],
  kinds: readonly Kind[],
  first: string,
  last: string,
): Promise<readonly string[]> {
  const any = KINDS.filter((kind) => kinds.includes(kind)).map((kind) => `${kind}_${rule} IS NOT NULL`);
  const rows = await run<{ day: string }>(
    `SELECT DISTINCT since::text AS day FROM agency_totals
     WHERE agency_code = '${ALL_AGENCIES}' AND span = 'day' AND since BETWEEN $1::date AND $2::date AND (${any.join(' OR ')})`,
    [first, last],
  );
  return rows.map(({ day }) => day);
}
