import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Records } from '#schemas/operations';
import { createByteLru } from '../concurrency/byte-lru.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';

/** Readers of the original items of a stored body, by door. */
export type OriginalReaders = Readonly<Record<string, (body: Buffer) => Promise<readonly unknown[]>>>;

/** The item as its sender wrote it, and the record that was read from it. */
export interface Original {
  readonly item: unknown;
  readonly record: Records[keyof Records];
}

/** A version of a dossier to deliver, or a step of it. */
export interface DeliveredVersion {
  readonly operation: string;
  readonly subject: string;
  readonly seq: number;
}

/**
 * The original items of a dialect. The canonical record lacks some of their content, and the message has all of it, so
 * nothing is stored twice.
 */
export interface Originals {
  /**
   * The original of each of these in the words of a dialect. For a step, its own item. For a dossier, the last complete
   * item among its first `seq` events, by event time. Absent if nothing arrived in the dialect, or the message is
   * deleted.
   *
   * @param since when the oldest of them was first recorded
   */
  of<T extends DeliveredVersion>(
    dialect: string,
    versions: readonly T[],
    since: string,
  ): Promise<ReadonlyMap<T, Original>>;
  /** The last complete item in which a party sent a dossier. */
  last(dialect: string, code: string, party: string): Promise<DossierOriginal | undefined>;
}

export interface DossierOriginal extends Original {
  readonly record: Dossier;
}

interface Row {
  place: number;
  message_id: string;
  item: number;
  record: Buffer;
  record_key: number;
}

/** The dialect's items have no time of their own. Items of one moment are in the order of recording. */
const FIND = `
  SELECT asked.place, event.message_id, event.item, event.record, event.record_key
  FROM unnest($1::text[], $2::int4[], $3::bool[]) WITH ORDINALITY AS asked(code, seq, is_step, place)
  CROSS JOIN LATERAL (
    SELECT e.message_id, e.item, e.record, e.record_key FROM events e JOIN messages m ON m.id = e.message_id
      JOIN dossiers d ON d.code = e.code
    WHERE e.code = asked.code AND e.recorded_at >= $4::timestamptz AND m.door = $5 AND m.emptied_at IS NULL
      -- Of a party alone where one is given; otherwise whole items of the owner, but those of a moment far ahead.
      AND CASE WHEN $6::text IS NOT NULL THEN e.party = $6
          ELSE asked.is_step OR ((e.shared IS NULL OR e.party = d.owner) AND e.at <= e.recorded_at + interval '1 day') END
      AND CASE WHEN asked.is_step THEN e.seq = asked.seq ELSE e.seq <= asked.seq AND e.kind = 'dossier' END
    ORDER BY e.at DESC, e.seq DESC LIMIT 1) event`;

/** One message may have many dossiers, so the latest readings are cached, up to this many bytes. */
const KEPT_BYTES = 8 * 1024 * 1024;

export function createOriginals(database: Database, vault: Vault, readers: OriginalReaders): Originals {
  const cache = createByteLru<Promise<readonly unknown[]>>(KEPT_BYTES);

  async function itemsOf(dialect: string, messageId: string): Promise<readonly unknown[]> {
    const known = cache.get(messageId);
    if (known) return known;
    const { rows } = await database.pool.query<{ body: Buffer | null; body_key: number | null }>({
      name: 'body of message',
      text: 'SELECT body, body_key FROM messages WHERE id = $1',
      values: [messageId],
    });
    const { body, body_key: keyId } = rows[0] ?? {};
    if (!body || keyId === null || keyId === undefined) return [];
    const opened = vault.open({ keyId, bytes: body });
    const items = readers[dialect]?.(opened) ?? Promise.resolve([]);
    cache.put(messageId, items, opened.length);
    return items;
  }

  async function of<T extends DeliveredVersion>(
    dialect: string,
    versions: readonly T[],
    since: string,
    party?: string,
  ) {
    const found = new Map<T, Original>();
    if (versions.length === 0) return found;
    const { rows } = await database.pool.query<Row>({
      name: 'find originals',
      text: FIND,
      values: [
        versions.map(({ subject }) => subject),
        versions.map(({ seq }) => seq),
        versions.map(({ operation }) => operation === 'dossier.progress.v1'),
        since,
        dialect,
        party,
      ],
    });
    for (const { place, message_id: messageId, item, record, record_key: keyId } of rows) {
      const given = (await itemsOf(dialect, messageId))[item];
      if (given === undefined) continue;
      const said = JSON.parse(vault.open({ keyId, bytes: record }).toString()) as Records[keyof Records];
      found.set(versions[Number(place) - 1] as T, { item: given, record: said });
    }
    return found;
  }

  return {
    of: (dialect, versions, since) => of(dialect, versions, since),
    async last(dialect, code, party) {
      const version: DeliveredVersion = { operation: 'dossier.upsert.v1', subject: code, seq: NEWEST };
      return (await of(dialect, [version], '1970-01-01', party)).get(version) as DossierOriginal | undefined;
    },
  };
}

const NEWEST = 2 ** 31 - 1;
