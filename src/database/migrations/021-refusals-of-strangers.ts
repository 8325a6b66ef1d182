import { type Kysely, sql } from 'kysely';

/** Housekeeping finds old refusals of senders without a key by this index; they are few among millions of messages. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`CREATE INDEX messages_refused_stranger ON messages (id) WHERE outcome = 'refused' AND key_name IS NULL`)
    .execute(db);
}
