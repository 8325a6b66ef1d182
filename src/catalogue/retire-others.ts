import type pg from 'pg';
import { catalogueKey } from '#core/identifiers/identifiers';
import type { Database } from '../database/pool.ts';
import type { CatalogueEntry, CatalogueKind } from './catalogue.ts';

/** All codes of one kind that a party has. */
export interface CompleteList {
  readonly kind: CatalogueKind;
  readonly codes: readonly string[];
}

/** A list with too few entries: how many of those in force it does not have. */
export interface ShortList {
  readonly missing: number;
  readonly inForce: number;
}

/** This number of entries may end in one run, whatever their share. */
const FEW = 20;
/** A larger share of a kind than one in ten does not end in one run, unless an operator orders it. */
const ONE_IN = 10;

/**
 * Whether a complete list has too few entries to be believed. An account that lost rights gets a shorter list, and the
 * entries that it lacks would all go out of force. Undefined if it has enough.
 */
export async function findShortList(
  { pool }: Database,
  party: string,
  complete: CompleteList,
): Promise<ShortList | undefined> {
  const { rows } = await pool.query<ShortList>({
    text: `SELECT count(*) FILTER (WHERE key <> ALL($3::text[]))::int AS missing, count(*)::int AS "inForce"
           FROM catalogue WHERE party = $1 AND kind = $2 AND in_force`,
    values: [party, complete.kind, keysOf(complete)],
  });
  const { missing, inForce } = rows[0] as ShortList;
  return missing > FEW && missing * ONE_IN > inForce ? { missing, inForce } : undefined;
}

/**
 * Whether an operator has ordered a pull since its open incident about missing records.
 *
 * @param about the beginning of the incident's cause
 */
export async function isPullOrdered(
  { pool }: Database,
  { party, name }: { readonly party: string; readonly name: string },
  about: string,
): Promise<boolean> {
  const { rows } = await pool.query({
    text: `SELECT 1 FROM incidents i JOIN audit a ON a.at >= i.opened_at
           WHERE i.party = $1 AND i.kind = 'pull-incomplete' AND i.closed_at IS NULL AND starts_with(i.cause, $3)
             AND a.action = 'party.pull' AND starts_with(a.subject, 'party ' || $1 || ': ')
             AND $2 = ANY(string_to_array(split_part(a.subject, ': ', 2), ' '))
           LIMIT 1`,
    values: [party, name, about],
  });
  return rows.length > 0;
}

/** An entry that a complete list left out. The message is its last one. */
export type RetiredEntry = Pick<CatalogueEntry, 'key' | 'version' | 'record'> & { readonly messageId: string };

/**
 * Marks a party's entries that are missing in a complete list as no longer in force. Old dossiers refer to them, so
 * they are never deleted. Like every change, this adds a version.
 *
 * @returns the entries that were in force before, in their new version
 */
export async function retireOthers(
  db: pg.Pool | pg.PoolClient,
  party: string,
  complete: CompleteList,
  at: string,
): Promise<readonly RetiredEntry[]> {
  const { rows } = await db.query<RetiredEntry>({
    text: `UPDATE catalogue SET in_force = false, version = version + 1, changed_at = $4::timestamptz,
             record = (record::jsonb || '{"inForce": false}')::json, hash = '\\x00'
           WHERE party = $1 AND kind = $2 AND in_force AND key <> ALL($3::text[])
           RETURNING key, version, message_id AS "messageId", record`,
    values: [party, complete.kind, keysOf(complete), at],
  });
  return rows;
}

function keysOf({ kind, codes }: CompleteList): readonly string[] {
  return codes.map((code) => catalogueKey(kind, code));
}
