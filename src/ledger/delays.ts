import { instantToMs, msToInstant } from '#core/dates/dates';
import type { WorkingTime } from '#core/dates/working-time';
import { type DelayFacts, type DeliveryFact, type DossierDelays, delaysOf, type Interval } from '#core/dossier/delay';
import { finishOf } from '#core/dossier/status';
import { groupBy } from '#core/group-by';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { shareByKey } from '../concurrency/batch-calls.ts';
import { namesOfDossiers } from '../database/names-of-dossiers.ts';
import type { Database } from '../database/pool.ts';
import { firstUuidOf } from '../database/uuid.ts';

/** Attributes the delays of a dossier. */
export interface DelayReader {
  /** The delays of this dossier in seconds of working time, up to the last full minute. */
  of(dossier: Dated): Promise<DossierDelays>;
}

/** The members of a dossier that this needs. The applicant may be masked. */
export type Dated = Pick<
  Dossier,
  'code' | 'status' | 'statusAt' | 'submittedAt' | 'receivedAt' | 'finishedAt' | 'returnedAt' | 'refusedAt'
>;

const MINUTE_MS = 60_000;

export function createDelayReader(database: Database, working: WorkingTime, nowMs: () => number): DelayReader {
  return {
    of: shareByKey(async (dossier: Dated) => {
      // Full minutes, so that an unchanged history gives the same answer for a while.
      const now = Math.floor(nowMs() / MINUTE_MS) * MINUTE_MS;
      const deliveries = await loadDeliveries(database, dossier.code);
      const startMs = startOf(dossier, deliveries);
      const facts: DelayFacts = {
        startMs,
        finishMs: finishMsOf(dossier),
        nowMs: now,
        deliveries,
        waits: await loadWaits(database, dossier.code),
        refusals: await loadRefusals(database, dossier.code, Math.max(startMs, 0)),
        outages: await loadOutages(database, [...new Set(deliveries.map(({ party }) => party))], startMs),
      };
      return delaysOf(facts, working.between);
    }, JSON.stringify),
  };
}

function startOf({ submittedAt, receivedAt, statusAt }: Dated, deliveries: readonly DeliveryFact[]): number {
  const reported = submittedAt ?? receivedAt;
  return reported ? instantToMs(reported) : Math.min(instantToMs(statusAt), ...deliveries.map((one) => one.createdMs));
}

function finishMsOf(dossier: Dated): number | undefined {
  const finish = finishOf(dossier);
  return finish === undefined ? undefined : instantToMs(finish);
}

interface DeliveryRow {
  readonly id: number;
  readonly party: string;
  readonly operation: string;
  readonly state: DeliveryFact['state'];
  readonly createdAt: string;
  readonly settledAt: string | null;
}

export interface AttemptRow {
  readonly deliveryId: number;
  readonly at: string;
  readonly tookMs: number;
  readonly outcome: DeliveryFact['attempts'][number]['outcome'];
  readonly reason: string | null;
}

interface WaitRow {
  readonly deliveryId: number | null;
  readonly openedAt: string;
  readonly settledAt: string | null;
}

async function loadDeliveries(database: Database, code: string): Promise<readonly DeliveryFact[]> {
  const { rows } = await database.pool.query<DeliveryRow>({
    name: 'deliveries of a dossier',
    // Joined through party_states, because the index begins with the party.
    text: `SELECT d.id, d.party, d.operation, d.state, d.created_at AS "createdAt", d.settled_at AS "settledAt"
           FROM party_states p JOIN deliveries d ON d.party = p.party AND d.subject = $1 ORDER BY d.id`,
    values: [code],
  });
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const attempts = await loadAttempts(database, ids, rows[0]?.createdAt ?? msToInstant(0));
  const held = await database.pool.query<WaitRow>({
    name: 'quarantine of deliveries',
    text: `SELECT delivery_id AS "deliveryId", opened_at AS "openedAt", settled_at AS "settledAt" FROM quarantine
           WHERE delivery_id = ANY($1::int8[]) AND settled_at IS NULL
           UNION ALL
           SELECT delivery_id, opened_at, settled_at FROM quarantine
           WHERE delivery_id = ANY($1::int8[]) AND settled_at IS NOT NULL`,
    values: [ids],
  });
  const attemptsOf = groupBy(attempts, ({ deliveryId }) => deliveryId);
  const heldOf = groupBy(held.rows, ({ deliveryId }) => deliveryId);
  return rows.map((row) => factOf(row, attemptsOf.get(row.id) ?? [], heldOf.get(row.id) ?? []));
}

/** The attempts of deliveries that were created since an instant, in the order of time. */
export async function loadAttempts(
  database: Database,
  ids: readonly number[],
  since: string,
): Promise<readonly AttemptRow[]> {
  const { rows } = await database.pool.query<AttemptRow>({
    name: 'attempts of deliveries',
    text: `SELECT delivery_id AS "deliveryId", at, took_ms AS "tookMs", outcome, reason FROM attempts
           WHERE delivery_id = ANY($1::int8[]) AND at >= $2::timestamptz ORDER BY at`,
    values: [ids, since],
  });
  return rows;
}

function factOf(row: DeliveryRow, attempts: readonly AttemptRow[], held: readonly WaitRow[]): DeliveryFact {
  return {
    party: row.party,
    operation: row.operation,
    state: row.state,
    createdMs: instantToMs(row.createdAt),
    settledMs: row.settledAt ? instantToMs(row.settledAt) : undefined,
    attempts: attempts.map(({ at, tookMs, outcome, reason }) => ({
      atMs: instantToMs(at),
      tookMs,
      outcome,
      reason: reason ?? undefined,
    })),
    held: held.map(intervalOf),
  };
}

async function loadWaits(database: Database, code: string): Promise<readonly Interval[]> {
  const { rows } = await database.pool.query<Omit<WaitRow, 'deliveryId'>>({
    name: 'quarantine of a dossier',
    text: `WITH name AS ${NAMES}
           SELECT q.opened_at AS "openedAt", q.settled_at AS "settledAt"
           FROM name JOIN quarantine q ON q.code = name.code AND q.settled_at IS NULL
           WHERE q.delivery_id IS NULL AND (name.party IS NULL OR q.party = name.party)
           UNION ALL
           SELECT q.opened_at, q.settled_at
           FROM name JOIN quarantine q ON q.code = name.code AND q.settled_at IS NOT NULL
           WHERE q.delivery_id IS NULL AND (name.party IS NULL OR q.party = name.party)`,
    values: [code],
  });
  return rows.map(intervalOf);
}

/** The names of the dossier $1. */
const NAMES = namesOfDossiers('SELECT $1::text');

/** A limit for senders that repeat a refused message for days: lists of 1,000 cost 1 ms each. */
const MOST_REFUSALS = 100;

/**
 * Messages of a party about a dossier that were not storable, each until an accepted message of the same kind.
 * Acceptance into quarantine counts too. A message that was never corrected says nothing about the present dossier and
 * is left out. Uses the index messages_invalid: 0.15 ms beside 50,000 such messages.
 */
async function loadRefusals(database: Database, code: string, sinceMs: number): Promise<readonly Interval[]> {
  const { rows } = await database.pool.query<Omit<WaitRow, 'deliveryId'>>({
    name: 'refusals of a dossier',
    text: `SELECT min(refused.received_at) AS "openedAt", corrected.at AS "settledAt"
           FROM (
             SELECT m.party, m.received_at,
               CASE m.operation WHEN 'dossier.upsert.v1' THEN 'dossier' WHEN 'dossier.progress.v1' THEN 'progress' END AS kind
             FROM ${NAMES} name JOIN messages m
               ON m.id >= $2::uuid AND m.outcome IN ('invalid', 'partly-invalid')
               AND m.results::jsonb @> jsonb_build_array(jsonb_build_object('code', name.code, 'outcome', 'invalid'))
               AND (name.party IS NULL OR m.party = name.party)
             LIMIT ${MOST_REFUSALS}) refused
           CROSS JOIN LATERAL (
             SELECT min(e.received_at) AS at FROM events e
             WHERE e.code = $1 AND e.recorded_at >= $3::timestamptz
               AND e.party = refused.party AND e.kind = refused.kind AND e.received_at > refused.received_at) corrected
           WHERE corrected.at IS NOT NULL GROUP BY corrected.at`,
    values: [code, firstUuidOf(sinceMs), msToInstant(sinceMs)],
  });
  return rows.map(intervalOf);
}

async function loadOutages(
  database: Database,
  parties: readonly string[],
  sinceMs: number,
): Promise<DelayFacts['outages']> {
  const { rows } = await database.pool.query<{ party: string; openedAt: string; closedAt: string | null }>({
    name: 'outages',
    text: `SELECT party, opened_at AS "openedAt", closed_at AS "closedAt" FROM incidents
           WHERE party = ANY($1::text[]) AND kind IN ('partner-away', 'credentials', 'certificate', 'paused-by-partner')
             AND coalesce(closed_at, 'infinity') > to_timestamp($2::float8 / 1000)
           ORDER BY id`,
    values: [parties, sinceMs],
  });
  return rows.map(({ party, openedAt, closedAt }) => ({
    party,
    ...intervalOf({ openedAt, settledAt: closedAt }),
  }));
}

function intervalOf({ openedAt, settledAt }: Pick<WaitRow, 'openedAt' | 'settledAt'>): Interval {
  return { fromMs: instantToMs(openedAt), toMs: settledAt === null ? undefined : instantToMs(settledAt) };
}
