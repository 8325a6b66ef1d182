import type pg from 'pg';
import { instantToMs } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { addRecounts } from '../index/recounts.ts';
import { writeAudit } from '../ledger/audit.ts';
import { COMPARED } from './compared-tables.ts';
import { appendChanges } from './feed.ts';
import { SCHEMA } from './schema.ts';

/**
 * Copies these dossiers from the second index into the live one, and reports them in the feed. Needs a transaction: readers
 * see all of it or nothing.
 * @param missing whose changes the feed lacks, by code or subject
 * @param at the instant of the swap
 */
export async function takeOver(
  db: pg.PoolClient,
  codes: readonly string[],
  missing: readonly string[],
  at: string,
): Promise<void> {
  for (const { name, by } of COMPARED) await db.query(`DELETE FROM ${name} WHERE ${by} = ANY($1::text[])`, [codes]);
  for (const { name, by } of COMPARED) {
    const columns = await allColumns(db, name);
    await db.query(
      `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${SCHEMA}.${name} WHERE ${by} = ANY($1::text[])`,
      [codes],
    );
  }
  // The statistics count these dossiers again. They forget a removed one, which the feed does not report.
  await addRecounts(db, codes);
  await appendChanges(db, codes, missing, at);
  const subject = auditSubject(
    'dossiers',
    codes.length,
    `${codes.slice(0, 20).join(' ')}${codes.length > 20 ? ' …' : ''}`,
  );
  await writeAudit(db, { actor: 'lienthong rebuild', action: 'index.rebuilt', subject }, instantToMs(at));
}

async function allColumns(db: pg.PoolClient, table: string): Promise<string> {
  const { rows } = await db.query<{ name: string }>(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
    [SCHEMA, table],
  );
  return rows.map((row) => row.name).join(', ');
}
