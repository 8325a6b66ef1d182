import type pg from 'pg';
import { lastFour } from '#core/identifiers/identifiers';
import type { Kinds } from '#core/records/kinds';
import { proofIn } from '#core/records/mask-record';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Vault } from '../secrets/vault.ts';
import type { Database } from './pool.ts';
import { readSealed, SEALED_PLACES, type SealedPlace, type SealedRow } from './sealed-places.ts';

const OF_DOSSIERS = {
  phone_proof: (_: string, record: object) => lastFour((record as Dossier).applicant?.phone ?? ''),
  identity_proof: (_: string, record: object) => lastFour((record as Dossier).applicant?.identityNumber ?? ''),
};

/** The table also has proofs made with the secret: columns, and the proof of each. */
interface ResealedPlace extends SealedPlace {
  readonly proofs: Readonly<Record<string, (key: string, record: object) => string | undefined>> | undefined;
}

function placesOf(kinds: Kinds): readonly ResealedPlace[] {
  const proofOf = (subject: string, record: object): string | undefined => {
    const kind = kinds.ofSubject(subject);
    return kind && proofIn(kind, record);
  };
  const proofs: Readonly<Record<string, ResealedPlace['proofs']>> = {
    'dossiers.sealed': OF_DOSSIERS,
    'records.sealed': { phone_proof: proofOf },
  };
  return SEALED_PLACES.map((place) => ({ ...place, proofs: proofs[`${place.table}.${place.value}`] }));
}

/**
 * Counts the newest and the oldest messages whose key the vault lacks: the newest show a wrong secret, the oldest a missing
 * previous one.
 */
export async function unopenedMessages(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'knows'>,
  most: number,
): Promise<Readonly<Record<'newest' | 'oldest', { readonly looked: number; readonly unopened: number }>>> {
  const look = async (order: 'ASC' | 'DESC') => {
    const { rows } = await pool.query<{ key: number }>(
      `SELECT body_key AS key FROM messages WHERE body_key IS NOT NULL ORDER BY id ${order} LIMIT $1`,
      [most],
    );
    return { looked: rows.length, unopened: rows.filter(({ key }) => !vault.knows(key)).length };
  };
  return { newest: await look('DESC'), oldest: await look('ASC') };
}

export interface ResealReport {
  /** How many values were renewed, by table. */
  readonly resealed: Readonly<Record<string, number>>;
  /** Values whose key the vault lacks. */
  readonly unopened: number;
}

/**
 * Seals all values again that have another key than the vault's newest. Each batch commits on its own, and a run looks only for
 * the rest, so it may be interrupted and repeated; the hub may run meanwhile.
 */
export async function reseal(
  database: Database,
  vault: Vault,
  kinds: Kinds,
  tell: (at: { readonly table: string; readonly done: number; readonly total: number }) => void,
): Promise<ResealReport> {
  const client = await database.pool.connect();
  try {
    // Counting and finding the rest reads whole tables.
    await client.query('SET statement_timeout = 0');
    let total = 0;
    const places = placesOf(kinds);
    for (const place of places) total += await countOld(client, place, vault.keyId);
    let done = 0;
    const report = { resealed: {} as Record<string, number>, unopened: 0 };
    for (const place of places) {
      const { table } = place;
      report.resealed[table] ??= 0;
      for await (const { renewed, unopened } of batches(client, place, vault)) {
        report.resealed[table] = (report.resealed[table] ?? 0) + renewed;
        report.unopened += unopened;
        done += renewed + unopened;
        tell({ table, done, total });
      }
    }
    return report;
  } finally {
    // The client has no time limit any more, so it must not return to the pool.
    client.release(true);
  }
}

async function countOld(client: pg.PoolClient, { table, keyId }: ResealedPlace, newest: number): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${keyId} <> $1`, [
    newest,
  ]);
  return rows[0]?.n ?? 0;
}

async function* batches(client: pg.PoolClient, place: ResealedPlace, vault: Vault) {
  let after: readonly string[] | undefined;
  for (;;) {
    const isOld = `${place.keyId} <> ${vault.keyId}`;
    const rows = await readSealed(client, place, isOld, after);
    if (rows.length === 0) return;
    const opened = rows.flatMap((row) => {
      const plain = open(vault, row);
      return plain ? [{ row, plain }] : [];
    });
    const renewed = await write(client, place, vault, opened);
    yield { renewed, unopened: rows.length - opened.length };
    after = rows.at(-1)?.place;
  }
}

function open(vault: Vault, { keyId, value }: SealedRow): Buffer | undefined {
  try {
    return vault.open({ keyId, bytes: value });
  } catch {
    return undefined;
  }
}

interface Opened {
  readonly row: SealedRow;
  readonly plain: Buffer;
}

/** Writes only unchanged rows: a dossier that the hub wrote meanwhile already has its newest key. */
async function write(
  client: pg.PoolClient,
  place: ResealedPlace,
  vault: Vault,
  opened: readonly Opened[],
): Promise<number> {
  if (opened.length === 0) return 0;
  const { table, key, value, keyId, proofs } = place;
  const proofNames = Object.keys(proofs ?? {});
  const columns = Object.entries(key).map(([, type], at) => [type, opened.map(({ row }) => row.place[at])] as const);
  const given = [
    ...columns,
    [
      'bytea',
      opened.map(({ plain }) => vault.sealCompressed(table === 'messages' ? 'body' : 'record', plain).bytes),
    ] as const,
    ['int4', opened.map(({ row }) => row.keyId)] as const,
    ...(proofs ? proofColumns(vault, proofs, opened) : []),
  ];
  const names = [...Object.keys(key), 'value', 'old', ...(proofs ? ['version', ...proofNames] : [])];
  await client.query(
    `UPDATE ${table} t SET ${value} = n.value, ${keyId} = $1
       ${proofNames.map((name) => `, ${name} = n.${name}`).join('')}
     FROM unnest(${given.map(([type], at) => `$${at + 2}::${type}[]`).join(', ')}) AS n(${names.join(', ')})
     WHERE ${Object.keys(key)
       .map((name) => `t.${name} = n.${name}`)
       .join(' AND ')} AND t.${keyId} = n.old
       ${proofs ? 'AND t.version = n.version' : ''}`,
    [vault.keyId, ...given.map(([, values]) => values)],
  );
  return opened.length;
}

/** Citizens' proofs match nothing after a change of the secret until they are made again. */
function proofColumns(
  vault: Vault,
  proofs: NonNullable<ResealedPlace['proofs']>,
  opened: readonly Opened[],
): (readonly [string, readonly unknown[]])[] {
  const records = opened.map(({ row, plain }) => ({
    key: row.place[0] as string,
    version: row.version,
    record: JSON.parse(plain.toString()) as object,
  }));
  const proof = (code: string, text: string | undefined): Buffer | null =>
    text === undefined ? null : vault.proof(code, text);
  return [
    ['int4', records.map(({ version }) => version)],
    ...Object.values(proofs).map(
      (textOf) => ['bytea', records.map(({ key, record }) => proof(key, textOf(key, record)))] as const,
    ),
  ];
}
