import type { Hub } from '../../../src/hub.ts';
import type { BenchDatabase } from '../databases.ts';
import { fillEach } from './fill.ts';
import { getInside, openHub, type Stage, untilCounted } from './stage.ts';
import type { Event, Stories } from './stories.ts';

/** Bytes of one table, its TOAST or an index. */
export interface RelationBytes {
  readonly table: string;
  readonly name: string;
  /** For a dossier with one event and its message. */
  readonly first: number;
  /** For each further event and its message. */
  readonly further: number;
}

export interface RowBytes {
  /** Of a record as JSON, on average. */
  readonly json: number;
  readonly relations: readonly RelationBytes[];
}

/**
 * Writes the first event of each dossier and then the others, each as a message of its own, and compares the sizes. Vacuum
 * runs now and then, as it does in service.
 */
export async function measureBytes(
  stage: Stage,
  database: BenchDatabase,
  stories: Stories,
  tell: (dossiers: number) => void,
): Promise<RowBytes> {
  const { first, further } = split(stories);
  const hub = await openHub(stage);
  try {
    const sizes = [await sizesOf(database)];
    for (const events of [first, further]) {
      const step = Math.ceil(events.length / VACUUMS);
      for (let at = 0; at < events.length; at += step) {
        tell(events === first ? at : first.length);
        await write(hub, stage, database, events.slice(at, at + step));
      }
      sizes.push(await sizesOf(database));
    }
    const [before, one, all] = sizes as [Sizes, Sizes, Sizes];
    const relations = [...all].map(([key, { table, name, bytes }]) => {
      const bytesOnce = one.get(key)?.bytes ?? 0;
      const bytesBefore = before.get(key)?.bytes ?? 0;
      return {
        table,
        name,
        first: (bytesOnce - bytesBefore) / first.length,
        further: (bytes - bytesOnce) / further.length,
      };
    });
    return { json: jsonBytesOf([...first, ...further]), relations };
  } finally {
    await hub.stop();
  }
}

const VACUUMS = 5;

function split(stories: Stories): { readonly first: readonly Event[]; readonly further: readonly Event[] } {
  const seen = new Set<number>();
  const [first, further]: [Event[], Event[]] = [[], []];
  for (const event of stories.events()) {
    (seen.has(event.n) ? further : first).push(event);
    seen.add(event.n);
  }
  return { first, further };
}

function jsonBytesOf(events: readonly Event[]): number {
  const bytes = events.map(({ record }) => Buffer.byteLength(JSON.stringify(record)));
  return bytes.reduce((sum, one) => sum + one, 0) / events.length;
}

async function write(hub: Hub, stage: Stage, database: BenchDatabase, events: readonly Event[]): Promise<void> {
  await fillEach(hub, events);
  await untilCounted(getInside(hub, stage), () => undefined);
  await database.rows('VACUUM');
}

interface Size extends Pick<RelationBytes, 'table' | 'name'> {
  readonly bytes: number;
}
type Sizes = ReadonlyMap<string, Size>;

/** By table and kind: the months of a table count as one. */
async function sizesOf(database: BenchDatabase): Promise<Sizes> {
  const rows = await database.rows<Size>(`
    WITH own AS (
      SELECT c.oid, coalesce(parent.relname, c.relname) AS table, c.reltoastrelid AS toast
      FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace)
    SELECT "table", name, sum(bytes)::float8 AS bytes
    FROM own CROSS JOIN LATERAL (
      SELECT 'rows' AS name, pg_table_size(oid) - coalesce(pg_total_relation_size(nullif(toast, 0)), 0) AS bytes
      UNION ALL SELECT 'TOAST', coalesce(pg_total_relation_size(nullif(toast, 0)), 0)
      UNION ALL SELECT coalesce(parent.relname, x.relname), pg_relation_size(indexrelid)
        FROM pg_index JOIN pg_class x ON x.oid = indexrelid LEFT JOIN pg_inherits i ON i.inhrelid = indexrelid
        LEFT JOIN pg_class parent ON parent.oid = i.inhparent WHERE indrelid = own.oid) sizes
    GROUP BY 1, 2 ORDER BY 1, 2`);
  return new Map(rows.map((row) => [`${row.table} ${row.name}`, row]));
}
