import { type CodeTable, isOurValue } from '#core/identifiers/codes';
import { similarity } from '#core/vietnamese/text';
import { findSimilar, topScored } from '../catalogue/find-similar.ts';
import type { Database } from '../database/pool.ts';
import { listWaiting, type WaitingCause } from '../ledger/quarantine.ts';

/** A possible meaning of an unmapped code. */
export interface Candidate {
  readonly to: string;
  readonly label: string;
  /** The similarity of the names, 0 to 1. */
  readonly score: number;
}

const BEST = 5;

/** Possible meanings of an unmapped code, by similar names: entries of the catalogue, or of the code table. */
export async function candidatesFor(
  database: Database,
  cause: WaitingCause,
  tables: readonly CodeTable[],
): Promise<readonly Candidate[]> {
  if (!cause.unmapped) return [];
  const { table, from } = cause.unmapped;
  if (table === 'service' || table === 'agency') return inCatalogue(database, cause, table);
  const words = new Map<string, Candidate>();
  for (const found of tables.filter(({ name }) => name === table)) {
    const isOurs = isOurValue(found, from);
    for (const { code, is, label } of found.entries) {
      const to = isOurs ? code : is;
      // A meaning for which the partner has no code yet.
      if (to === '') continue;
      const score = Math.max(similarity(from, label), similarity(from, is.replaceAll('-', ' ')), alikeCode(from, code));
      if (score > (words.get(to)?.score ?? -1)) words.set(to, { to, label, score });
    }
  }
  return topScored([...words.values()], BEST);
}

/** Similar digits do not make two numbers similar. */
function alikeCode(a: string, b: string): number {
  return /^[\d.]+$/.test(a) ? 0 : similarity(a, b);
}

/** Searches the catalogue by the name in the dossier itself. */
async function inCatalogue(
  database: Database,
  cause: WaitingCause,
  kind: 'service' | 'agency',
): Promise<readonly Candidate[]> {
  const waiting = await listWaiting(database, cause.key, 20, undefined);
  const codes = waiting.flatMap(({ code }) => code ?? []);
  const name = await nameIn(database, codes, kind === 'service' ? 'serviceName' : 'agencyName');
  if (name === undefined) return [];
  return (await findSimilar(database, kind, name, BEST)).map(({ code, name: label, score }) => ({
    to: code,
    label,
    score,
  }));
}

async function nameIn(
  database: Database,
  codes: readonly string[],
  member: 'serviceName' | 'agencyName',
): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT masked::json ->> $2 AS name FROM dossiers
     WHERE code = ANY($1::text[]) AND masked::json ->> $2 IS NOT NULL LIMIT 1`,
    [codes, member],
  );
  return rows[0]?.name;
}
