import type pg from 'pg';
import { lastFour } from '#core/identifiers/identifiers';
import type { Kinds } from '#core/records/kinds';
import { proofIn } from '#core/records/mask-record';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Vault } from '../secrets/vault.ts';
import type { Database } from './pool.ts';

/** A column with sealed values: the table's key (name and type of each column), the value, and the id of its key. */
interface Place {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  readonly value: string;
  readonly keyId: string;
  /** The table also has proofs made with the secret: columns, and the proof of each. */
  readonly proofs?: Readonly<Record<string, (key: string, record: object) => string | undefined>>;
}

const OF_DOSSIERS = {
  phone_proof: (_: string, record: object) => lastFour((record as Dossier).applicant?.phone ?? ''),
  identity_proof: (_: string, record: object) => lastFour((record as Dossier).applicant?.identityNumber ?? ''),
};

function placesOf(kinds: Kinds): readonly Place[] {
  const proofOf = (subject: string, record: object): string | undefined => {
    const kind = kinds.ofSubject(subject);
    return kind && proofIn(kind, record);
  };
  const proofs = { phone_proof: proofOf };
  return [
    ...PLACES,
    { table: 'records', key: { subject: 'text' }, value: 'sealed', keyId: 'sealed_key', proofs },
    { table: 'record_events', key: { subject: 'text', seq: 'int4' }, value: 'record', keyId: 'record_key' },
  ];
}

const PLACES: readonly Place[] = [
  { table: 'dossiers', key: { code: 'text' }, value: 'sealed', keyId: 'sealed_key', proofs: OF_DOSSIERS },
  { table: 'dossiers', key: { code: 'text' }, value: 'former', keyId: 'former_key' },
  { table: 'legal_holds', key: { id: 'int8' }, value: 'person', keyId: 'person_key' },
  { table: 'messages', key: { id: 'uuid' }, value: 'body', keyId: 'body_key' },
  {
    table: 'events',
    key: { code: 'text', seq: 'int4', recorded_at: 'timestamptz' },
    value: 'record',
    keyId: 'record_key',
  },
  {
    table: 'attempts',
    key: { delivery_id: 'int8', number: 'int4', at: 'timestamptz' },
    value: 'wire',
    keyId: 'wire_key',
  },
];

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

const BATCH_ROWS = 200;
/** A body may have 20 MiB, so a batch holds few of those. */
const BATCH_BYTES = 8 * 1024 * 1024;

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

async function countOld(client: pg.PoolClient, { table, keyId }: Place, newest: number): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${keyId} <> $1`, [
    newest,
  ]);
  return rows[0]?.n ?? 0;
}

interface Row {
  readonly place: readonly string[];
  readonly value: Buffer;
  readonly keyId: number;
  readonly version?: number;
}

async function* batches(client: pg.PoolClient, place: Place, vault: Vault) {
  let after: readonly string[] | undefined;
  for (;;) {
    const rows = await readOld(client, place, vault.keyId, after);
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

/** In the order of the key, so that each batch continues where the last one ended. */
async function readOld(
  client: pg.PoolClient,
  { table, key, value, keyId, proofs }: Place,
  newest: number,
  after?: readonly string[],
) {
  const names = Object.keys(key).join(', ');
  const bound = Object.values(key).map((type, at) => `$${at + 4}::${type}`);
  const texts = Object.keys(key).map((name) => `${name}::text`);
  const { rows } = await client.query<Row>(
    `SELECT place, value, "keyId" ${proofs ? ', version' : ''} FROM (
       SELECT *, ARRAY[${texts.join(', ')}] AS place, ${value} AS value, ${keyId} AS "keyId",
         sum(octet_length(${value})) OVER (ORDER BY ${names}) - octet_length(${value}) AS before
       FROM ${table}
       WHERE ${keyId} <> $1 ${after ? `AND (${names}) > (${bound.join(', ')})` : ''}
       ORDER BY ${names} LIMIT $2) batch
     WHERE before < $3`,
    [newest, BATCH_ROWS, BATCH_BYTES, ...(after ?? [])],
  );
  return rows;
}

function open(vault: Vault, { keyId, value }: Row): Buffer | undefined {
  try {
    return vault.open({ keyId, bytes: value });
  } catch {
    return undefined;
  }
}

interface Opened {
  readonly row: Row;
  readonly plain: Buffer;
}

/** Writes only unchanged rows: a dossier that the hub wrote meanwhile already has its newest key. */
async function write(client: pg.PoolClient, place: Place, vault: Vault, opened: readonly Opened[]): Promise<number> {
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
  proofs: NonNullable<Place['proofs']>,
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
