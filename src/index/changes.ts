import { afterParts, definePart, type Part } from '../database/parts.ts';

export interface ChangeRow {
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
  readonly changedAt: string;
}

/**
 * The parts that number the changes of a batch. They come last in its statement, because the row of the counter stays
 * locked until the commit. So the cursors follow the order of the commits without gaps, and others wait only for the
 * commit itself.
 */
export function changeParts(rows: readonly ChangeRow[]): readonly [Part, Part] {
  return [
    counterPart(rows.length > 0 ? [rows.length] : []),
    changePart(rows.map((row, at) => ({ position: at + 1, ...row }))),
  ];
}

const counterPart = definePart<number>(
  'counter',
  { n: ['int4', (n) => n] },
  (rows, before) => `
    UPDATE change_counter SET value = value + n FROM ${rows}
    WHERE ${afterParts(before)}
    RETURNING value - n AS before`,
);

const changePart = definePart<ChangeRow & { readonly position: number }>(
  'change',
  {
    code: ['text', (row) => row.code],
    status: ['text', (row) => row.status],
    status_at: ['timestamptz', (row) => row.statusAt],
    changed_at: ['timestamptz', (row) => row.changedAt],
    position: ['int4', (row) => row.position],
  },
  (rows) => `
    INSERT INTO changes (cursor, code, status, status_at, changed_at)
    SELECT counter.before + position, code, status, status_at, changed_at FROM ${rows}, counter
    RETURNING 1`,
);
