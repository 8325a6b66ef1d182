import { type Kysely, sql } from 'kysely';

/**
 * Whether the records of a kind about a dossier are still those that a batch has read. Locks them for other batches until the
 * commit. A function, because each of its statements sees the commits of that moment, and not only those before the batch.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE FUNCTION hub_is_newest_of_dossier(of_kind text, dossier text, seen uuid) RETURNS bool LANGUAGE plpgsql VOLATILE AS $$
   DECLARE newest uuid;
   BEGIN
     PERFORM pg_advisory_xact_lock(hashtextextended(of_kind || ' ' || dossier, 7160011));
     SELECT r.last_message_id INTO newest FROM records r WHERE r.dossier_code = dossier AND r.kind = of_kind
     ORDER BY r.last_message_id DESC LIMIT 1;
     RETURN newest IS NOT DISTINCT FROM seen;
   END $$`,
];
