import type pg from 'pg';
import { ERASED_PROBLEM, type ErasureCause } from '#core/erasure/erased';
import { say } from '#messages/message';
import { inEnglish } from '#messages/render';
import { wordsText } from '#messages/stored';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import { definePart, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed } from '../secrets/vault.ts';
import type { AuditEntry } from './audit.ts';
import { codeOnlyIn } from './reason-code.ts';

/** An erasure of personal data: who, when and why. It names nobody. */
export interface Erasure {
  readonly id: number;
  readonly at: string;
  readonly cause: ErasureCause;
  readonly who: string;
  readonly why: string;
  /** How many dossiers and records. */
  readonly subjects: number;
}

/** The id of the next erasure, so that its rows and its effects are one statement. */
export async function nextErasureId({ pool }: Pick<Database, 'pool'>): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(`SELECT nextval(pg_get_serial_sequence('erasures', 'id')) AS id`);
  return (rows[0] as { id: number }).id;
}

/** Erasures, newest first, before the id `before`. */
export async function listErasures(
  database: Database,
  filter: ErasureFilter,
  limit: number,
  before: number | undefined,
): Promise<readonly Erasure[]> {
  let query = erasuresBy(database, filter).select(['id', 'at', 'cause', 'who', 'why', 'subjects']);
  if (before !== undefined) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute() as Promise<readonly Erasure[]>;
}

export const countErasures = (database: Database, filter: ErasureFilter): Promise<Total> =>
  countUpTo(database, erasuresBy(database, filter));

function erasuresBy({ query }: Database, { cause }: ErasureFilter) {
  const all = query.selectFrom('erasures');
  return cause === undefined ? all : all.where('cause', '=', cause);
}

export interface ErasureFilter {
  readonly cause?: ErasureCause;
}

/** How many dossiers and records were erased so far, by cause. */
export async function countErased({
  pool,
}: Pick<Database, 'pool'>): Promise<readonly { readonly cause: ErasureCause; readonly count: number }[]> {
  const { rows } = await pool.query<{ cause: ErasureCause; count: number }>({
    name: 'count erased',
    text: 'SELECT cause, sum(subjects)::int8 AS count FROM erasures GROUP BY cause',
  });
  return rows;
}

const erasurePart = definePart<Erasure>(
  'erasure',
  {
    id: ['int8', (r) => r.id],
    at: ['timestamptz', (r) => r.at],
    cause: ['text', (r) => r.cause],
    who: ['text', (r) => r.who],
    why: ['text', (r) => r.why],
    subjects: ['int4', (r) => r.subjects],
  },
  (rows) => `
    INSERT INTO erasures (id, at, cause, who, why, subjects)
    SELECT id, at, cause, who, why, subjects FROM ${rows} RETURNING 1`,
);

/** The audit entry of an erasure. It comes last: other entries wait for the end of the transaction. */
const auditPart = definePart<AuditEntry & { readonly at: string }>(
  'erasure_audit',
  {
    at: ['timestamptz', (r) => r.at],
    actor: ['text', (r) => r.actor],
    action: ['text', (r) => r.action],
    subject: ['text', (r) => r.subject],
    why: ['text', (r) => r.why],
  },
  (rows) => `
    INSERT INTO audit (at, actor, action, subject, why) SELECT at, actor, action, subject, why FROM ${rows} RETURNING 1`,
);

/** The same in a transaction of several statements. */
export async function writeErasure(tx: pg.PoolClient, { id, at, cause, who, why, subjects }: Erasure): Promise<void> {
  await tx.query({
    name: 'write erasure',
    text: `INSERT INTO erasures (id, at, cause, who, why, subjects) VALUES ($1, $2::timestamptz, $3, $4, $5, $6)`,
    values: [id, at, cause, who, why, subjects],
  });
}

/** The rows that say who erased what, when and why. */
export function erasureParts(erasure: Erasure, entry: AuditEntry): readonly Part[] {
  return [erasurePart([erasure]), auditPart([{ ...entry, at: erasure.at }])];
}

/** A dossier by its code, or a record by its subject. */
export interface SilencedSubject {
  readonly subject: string;
  readonly at: string;
}

/** The name of a dossier or a record among waiting items: of one party alone if it is an alias. */
export interface WaitingName {
  readonly code: string;
  readonly party: string | undefined;
  /** The beginning of the operations, such as `dossier.`. */
  readonly operations: string;
  readonly at: string;
}

/**
 * Removes the data of erased subjects from deliveries, attempts and waiting items. Undelivered ones are given up, because
 * nothing is left to send. Outcomes, times and references stay.
 *
 * @param kept the calls of these subjects that stay without the erased people
 */
export function silencingParts(
  subjects: readonly SilencedSubject[],
  names: readonly WaitingName[],
  kept: readonly SilencedCall[],
): readonly Part[] {
  return [keptCallPart(kept), attemptPart(subjects), deliveryPart(subjects), quarantinePart(names)];
}

/** A call that speaks of an erased person. */
export interface SilencedCall {
  readonly deliveryId: string;
  readonly number: string;
  readonly at: string;
  /** The call without the erased people, if it stays because of a legal hold. */
  readonly rest?: Sealed | undefined;
}

const CALL = {
  delivery_id: ['int8', (r: SilencedCall) => Number(r.deliveryId)],
  number: ['int4', (r: SilencedCall) => Number(r.number)],
  at: ['timestamptz', (r: SilencedCall) => r.at],
  wire: ['bytea', (r: SilencedCall) => r.rest?.bytes],
  wire_key: ['int4', (r: SilencedCall) => r.rest?.keyId],
} as const;

/** Removes the stored bytes of calls, or what they say of erased people. Outcomes and times stay. */
export const silencedCallPart = definePart<SilencedCall>(
  'silenced_call',
  CALL,
  (rows) => `
    UPDATE attempts a SET wire = given.wire, wire_key = given.wire_key FROM ${rows}
    WHERE a.delivery_id = given.delivery_id AND a.number = given.number AND a.at = given.at RETURNING 1`,
);

const keptCallPart = definePart<SilencedCall>('kept_call', CALL, (rows) => `SELECT given.* FROM ${rows}`);

/** The index of subjects begins with the party. */
const OF_SUBJECT = 'd.party = ANY(ARRAY(SELECT party FROM party_states)) AND d.subject = given.subject';
const SUBJECT = {
  subject: ['text', (r: SilencedSubject) => r.subject],
  at: ['timestamptz', (r: SilencedSubject) => r.at],
} as const;

const KEPT = `SELECT k.wire, k.wire_key FROM kept_call k
  WHERE k.delivery_id = a.delivery_id AND k.number = a.number AND k.at = a.at`;
const attemptPart = definePart<SilencedSubject>(
  'silenced_attempt',
  SUBJECT,
  (rows, before) => `
    UPDATE attempts a SET (wire, wire_key) = (${before.includes('kept_call') ? KEPT : 'SELECT NULL::bytea, NULL::int4'}),
      detail = NULL, words = NULL, reason = ${codeOnlyIn('a.reason')}
    FROM ${rows}, deliveries d WHERE ${OF_SUBJECT} AND a.delivery_id = d.id RETURNING 1`,
);

const deliveryPart = definePart<SilencedSubject>(
  'silenced_delivery',
  SUBJECT,
  (rows) => `
    UPDATE deliveries d SET detail = NULL, words = NULL, leased_by = NULL, cause_key = NULL,
      reason = CASE WHEN d.state = 'delivered' THEN ${codeOnlyIn('d.reason')} ELSE 'erased' END,
      state = CASE WHEN d.state = 'delivered' THEN d.state ELSE 'refused' END,
      outcome = CASE WHEN d.state = 'delivered' THEN d.outcome ELSE 'refused' END,
      settled_at = coalesce(d.settled_at, given.at)
    FROM ${rows} WHERE ${OF_SUBJECT} RETURNING 1`,
);

const quarantinePart = definePart<WaitingName>(
  'silenced_waiting',
  {
    code: ['text', (r) => r.code],
    party: ['text', (r) => r.party],
    operations: ['text', (r) => r.operations],
    at: ['timestamptz', (r) => r.at],
    detail: ['text', ({ at }) => inEnglish(say(ERASED_PROBLEM, { at })).message],
    words: ['text', ({ at }) => wordsText(say(ERASED_PROBLEM, { at }))],
  },
  (rows) => `
    UPDATE quarantine q SET detail = given.detail, words = given.words::json,
      settled_at = coalesce(q.settled_at, given.at), settlement = coalesce(q.settlement, 'erased')
    FROM ${rows} WHERE q.code = given.code AND (given.party IS NULL OR q.party = given.party)
      AND starts_with(q.operation, given.operations) RETURNING 1`,
);
