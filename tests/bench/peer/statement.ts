import { COLUMNS } from './row.ts';

const names = Object.keys(COLUMNS);
const arrays = Object.values(COLUMNS).map((type, at) => `$${at + 8}::${type}[]`);
const kept = names.filter((name) => name !== 'code').map((name) => `${name} = excluded.${name}`);

/**
 * Message, newest states, events, deliveries and change feed in one statement and one commit. Parameters: id, receipt, time,
 * sealed body, hash of the body, size, results, then an array for each column of the dossiers.
 */
export const WRITE = `
  WITH given AS (SELECT *, row_number() OVER () AS position FROM unnest(${arrays.join(', ')}) AS given (${names.join(', ')})),
  message AS (
    INSERT INTO messages (id, receipt, received_at, party, door, operation, key_name, media_type, body_bytes, body_hash, body,
      body_key, outcome, results)
    VALUES ($1::uuid, $2::uuid, $3::timestamptz, 'one-stop', 'rest', 'dossier.upsert.v1', 'writer', 'application/json',
      $6::int4, $5::bytea, $4::bytea, 1, 'accepted', $7::json) RETURNING 1),
  dossier AS (
    INSERT INTO dossiers (owner, version, made_from, last_message_id, last_at, inferred, sealed_key, created_at, changed_at,
      mask_of, ${names.join(', ')})
    SELECT 'one-stop', 1, 0, $1, status_at, false, 1, $3, $3, 1,
      ${names.map((name) => (name === 'search' ? `array_to_tsvector(string_to_array(search, ' '))` : name)).join(', ')}
    FROM given
    ON CONFLICT (code) DO UPDATE SET version = dossiers.version + 1, made_from = dossiers.version,
      last_message_id = excluded.last_message_id, last_at = excluded.last_at, changed_at = excluded.changed_at,
      mask_of = dossiers.version + 1, ${kept.join(', ')}
    WHERE dossiers.status_at <= excluded.status_at
    RETURNING code, version),
  event AS (
    INSERT INTO events (code, seq, recorded_at, received_at, kind, at, status, party, authoritative, inferred, moved_status,
      hash, message_id, item, record, record_key, owner)
    SELECT code, version, $3, $3, 'dossier', status_at, status, 'one-stop', true, false, true, content_hash, $1,
      position::int4 - 1, sealed, 1, 'one-stop'
    FROM given JOIN dossier USING (code) RETURNING 1),
  delivery AS (
    INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at)
    SELECT 'partner', 'dossier.upsert.v1', code, version, $1, $3, $3 FROM dossier RETURNING 1),
  counter AS (
    UPDATE change_counter SET value = value + (SELECT count(*) FROM dossier)
    WHERE (SELECT count(*) FROM message) + (SELECT count(*) FROM event) + (SELECT count(*) FROM delivery) >= 0
    RETURNING value - (SELECT count(*) FROM dossier) AS before)
  INSERT INTO changes (cursor, code, status, status_at, changed_at)
  SELECT before + row_number() OVER (), code, status, status_at, $3 FROM given JOIN dossier USING (code), counter`;
