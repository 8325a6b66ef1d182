import { msToInstant } from '#core/dates/dates';
import { storableIn } from '#core/vietnamese/text';
import type { TextOrWords, Words } from '#messages/message';
import { sentenceOf } from '#messages/render';
import { wordsText } from '#messages/stored';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import { withSessionLock } from '../database/session-lock.ts';
import { IS_FAILED } from './delivery-list.ts';

/** A condition that one alert reports. */
export interface Incident {
  readonly id: number;
  readonly party: string;
  readonly kind:
    | 'partner-away'
    | 'credentials'
    | 'certificate'
    | 'certificate-expiry'
    | 'schema-drift'
    | 'pull-failed'
    | 'pull-invalid'
    | 'pull-incomplete'
    | 'file-fetch'
    | 'paused-by-partner'
    | 'disagreement'
    | 'contradiction'
    | 'audit-broken'
    | 'put-back'
    | 'replica-away';
  readonly cause: string;
  readonly words: Words | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
}

/** The kinds that mean an unreachable partner. Its next answer ends them. */
export const AWAY_KINDS: readonly Incident['kind'][] = ['partner-away', 'credentials', 'certificate'];

/** The party of the hub's own incidents. */
export const HUB = 'hub';

/**
 * Opens an incident.
 *
 * @returns it, or undefined if the same one is open already
 */
export async function openIncident(
  database: Database,
  { party, kind, cause }: Pick<Incident, 'party' | 'kind'> & { readonly cause: TextOrWords },
  nowMs: number,
): Promise<Incident | undefined> {
  const { message, words } = sentenceOf(storableIn(cause));
  const { rows } = await database.pool.query<Incident>({
    name: 'open incident',
    text: `INSERT INTO incidents (party, kind, cause, opened_at, words) VALUES ($1, $2, $3, $4::timestamptz, $5::json)
           ON CONFLICT (party, kind) WHERE closed_at IS NULL DO NOTHING
           RETURNING ${COLUMNS}`,
    values: [party, kind, message, msToInstant(nowMs), words ? wordsText(words) : null],
  });
  return rows[0];
}

const COLUMNS = 'id, party, kind, cause, words, opened_at AS "openedAt", closed_at AS "closedAt"';

/**
 * Closes open incidents of a party, of these kinds.
 *
 * @param about the beginning of their cause
 * @returns the kinds that were open
 */
export async function closeIncidents(
  database: Database,
  party: string,
  kinds: readonly Incident['kind'][],
  nowMs: number,
  about = '',
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ kind: string }>({
    name: 'close incidents',
    text: `UPDATE incidents SET closed_at = $3::timestamptz
           WHERE party = $1 AND kind = ANY($2::text[]) AND closed_at IS NULL AND starts_with(cause, $4) RETURNING kind`,
    values: [party, kinds, msToInstant(nowMs), about],
  });
  return rows.map((row) => row.kind);
}

/** Incidents behind this one whose alert has not been sent, oldest first. */
export async function loadUnreportedIncidents(
  database: Database,
  limit: number,
  after = 0,
): Promise<readonly Incident[]> {
  const { rows } = await database.pool.query<Incident>({
    name: 'unreported incidents',
    text: `SELECT ${COLUMNS} FROM incidents WHERE alerted_at IS NULL AND id > $2 ORDER BY id LIMIT $1`,
    values: [limit, after],
  });
  return rows;
}

/** The numbers of the advisory locks. One process at a time does each of these. */
const LOCKS = { alerts: 7_160_005, audit: 7_160_009, certificates: 7_160_010 };

/** Runs the work unless another process does. */
export async function inOneProcess(
  database: Database,
  name: keyof typeof LOCKS,
  work: () => Promise<void>,
): Promise<void> {
  await withSessionLock(database, LOCKS[name], work);
}

export async function markReported(database: Database, ids: readonly number[], nowMs: number): Promise<void> {
  await database.pool.query('UPDATE incidents SET alerted_at = $2::timestamptz WHERE id = ANY($1::int8[])', [
    ids,
    msToInstant(nowMs),
  ]);
}

export async function openIncidents(database: Database): Promise<readonly Incident[]> {
  const { rows } = await database.pool.query<Incident>({
    name: 'open incidents',
    text: `SELECT ${COLUMNS} FROM incidents WHERE closed_at IS NULL ORDER BY id`,
  });
  return rows;
}

/**
 * Parties that have been unreachable for ten minutes and have nothing to send: no due, held or parked delivery, no failed
 * pull, and no attempt in that time.
 */
export async function listIdleParties(database: Database, nowMs: number): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ party: string }>({
    name: 'idle parties',
    text: `SELECT DISTINCT i.party FROM incidents i
           WHERE i.closed_at IS NULL AND i.kind = ANY($1::text[]) AND i.opened_at < $2::timestamptz - interval '10 minutes'
             AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.party = i.party AND d.state = 'due')
             AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.party = i.party AND d.state = 'held')
             AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.party = i.party AND d.state = 'parked' AND ${IS_FAILED})
             AND NOT EXISTS (SELECT 1 FROM pulls p WHERE p.party = i.party AND p.last_error IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM breakers b WHERE b.party = i.party AND b.state <> 'closed'
                               AND b.since > $2::timestamptz - interval '10 minutes')`,
    values: [AWAY_KINDS, msToInstant(nowMs)],
  });
  return rows.map((row) => row.party);
}

export interface IncidentFilter {
  /** Only open incidents. */
  readonly isOpen: boolean;
  readonly party?: string | undefined;
}

/** Incidents by filter, newest first, before the id `before`. */
export async function listIncidents(
  database: Database,
  filter: IncidentFilter,
  limit: number,
  before: number | undefined,
): Promise<readonly Incident[]> {
  let query = incidentsBy(database, filter)
    .select(['id', 'party', 'kind', 'cause', 'words', 'opened_at as openedAt'])
    .select('closed_at as closedAt');
  if (before !== undefined) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute() as Promise<readonly Incident[]>;
}

export const countIncidents = (database: Database, filter: IncidentFilter): Promise<Total> =>
  countUpTo(database, incidentsBy(database, filter));

function incidentsBy(database: Database, { isOpen, party }: IncidentFilter) {
  let query = database.query.selectFrom('incidents');
  if (isOpen) query = query.where('closed_at', 'is', null);
  if (party !== undefined) query = query.where('party', '=', party);
  return query;
}

/** One incident. Undefined if none has this id. */
export async function oneIncident(database: Database, id: number): Promise<Incident | undefined> {
  const { rows } = await database.pool.query<Incident>({
    name: 'one incident',
    text: `SELECT ${COLUMNS} FROM incidents WHERE id = $1`,
    values: [id],
  });
  return rows[0];
}
