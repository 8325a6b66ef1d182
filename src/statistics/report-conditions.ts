import { HELD_STATE } from '#core/records/kind';
import { BEGAN_WITH, ENDED_WITH, type FactCondition } from '#core/statistics/fact-totals';
import { bitsOf } from '#core/statistics/facts';
import { END_OF_TERM } from '../database/past-due.ts';
import { dossierOfCode } from '../index/dossier-names.ts';
import { AWAY_KINDS, type Incident } from '../ledger/incidents.ts';

/**
 * SQL: what each number of a report counts. The number and the list of its records use the same condition. Parameters: $1 the
 * first moment of the period, $2 its last, $3 the present.
 */
type Conditions<Name extends string> = Readonly<Record<Name, string>>;

/** SQL: whether a dossier, `c`, has these facts. */
export function hasFacts({ all, any }: FactCondition): string {
  return [
    // PostgreSQL expects most rows to be unequal, and then reads a list in its order instead of sorting all of it.
    ...all.map((fact) => `(c.facts & ${bitsOf([fact])}) <> 0`),
    // In the words of the partial index counted_lacking.
    ...(any === undefined ? [] : [`(c.facts & ${bitsOf(any)}) <> 0`]),
  ].join(' AND ');
}

/** Of a dossier that began in the period. `c` is its row in counted, `k` its cell. */
export const BEGAN = {
  received: 'true',
  online: `k.channel = 'online'`,
  payable: hasFacts(BEGAN_WITH.payable),
  paidOnline: hasFacts(BEGAN_WITH.paidOnline),
} as const satisfies Conditions<string>;

/** Of a dossier that ended in the period. */
export const ENDED = {
  done: hasFacts(ENDED_WITH.done),
  digitised: hasFacts(ENDED_WITH.digitised),
  reused: hasFacts(ENDED_WITH.reused),
  paper: hasFacts(ENDED_WITH.paper),
  digitalResult: hasFacts(ENDED_WITH.digitalResult),
} as const satisfies Conditions<string>;

const WAS_OPEN = 'began_at <= $2::timestamptz AND (ended_at IS NULL OR ended_at >= $1::timestamptz)';

/**
 * SQL: these columns of the questions and petitions that were open in the period. Of those that are held as complaints, only
 * the ones that wait for a decision: a dismissed one stays held for good, because the law has a procedure of its own for it.
 * In two parts, so that the index records_began alone answers for the others.
 */
export const answerable = (columns: string): string => `(
  SELECT ${columns} FROM records WHERE kind IN ('question', 'petition') AND state <> '${HELD_STATE}' AND ${WAS_OPEN}
  UNION ALL
  SELECT ${columns} FROM records WHERE kind IN ('question', 'petition') AND state = '${HELD_STATE}' AND ${WAS_OPEN} AND subject IN (
    SELECT substr(cause_key, 6) FROM quarantine WHERE settled_at IS NULL AND cause_key >= 'held:' AND cause_key < 'held;'))`;

const IS_OPEN = '(ended_at IS NULL OR ended_at > $2::timestamptz)';

/** Nobody answers a withdrawn one. */
const WAS_ANSWERED = `state <> 'withdrawn'`;

/** Of a question or petition that was open in the period. */
export const ANSWERS = {
  received: 'began_at >= $1::timestamptz',
  inTime: `${WAS_ANSWERED} AND ended_at <= $2::timestamptz AND NOT coalesce(ended_at > ${END_OF_TERM}, false)`,
  late: `${WAS_ANSWERED} AND ended_at <= $2::timestamptz AND ended_at > ${END_OF_TERM}`,
  pending: IS_OPEN,
  overdue: `${IS_OPEN} AND ${END_OF_TERM} < LEAST($2::timestamptz, $3::timestamptz)`,
} as const satisfies Conditions<string>;

/** SQL: ratings of the period. A rating names no agency, its dossier does, perhaps by another of its codes. */
export const RATED = `records r LEFT JOIN LATERAL ${dossierOfCode('r.dossier_code')} d ON true
    WHERE r.kind = 'rating' AND r.began_at >= $1::timestamptz AND r.began_at <= $2::timestamptz`;
export const RATED_AGENCY = `coalesce(r.agency_code, d.agency_code, '')`;

/** SQL: deliveries that were created in the period. */
export const SENT = 'd.created_at >= $1::timestamptz AND d.created_at <= $2::timestamptz';

/** Operators dismissed some, which the partner never refused. One that an erasure covers may be a real refusal, and counts. */
const REFUSED = `d.state = 'refused' AND coalesce(d.reason, '') <> 'dismissed'`;

/** Of a delivery, `d`. */
export const DELIVERIES = {
  deliveries: 'true',
  delivered: `d.state = 'delivered'`,
  refused: REFUSED,
  waiting: `d.state NOT IN ('delivered', 'refused')`,
} as const satisfies Conditions<string>;

/** SQL: incidents that were open in the period. */
export const OPEN_INCIDENTS = `i.opened_at <= $2::timestamptz AND (i.closed_at IS NULL OR i.closed_at >= $1::timestamptz)`;
const CLOSED = 'coalesce(i.closed_at, $3::timestamptz)';

/** The kinds of incident during which nothing goes out. */
const STOPPING: readonly Incident['kind'][] = [...AWAY_KINDS, 'paused-by-partner'];

/** Of a delivery, `d`, to the party of an incident, `i`. Times alone on their side, so that an index finds them. */
export const TOUCHED = {
  delayed: `i.kind IN (${STOPPING.map((kind) => `'${kind}'`).join(', ')})
    AND d.party = i.party AND d.created_at < ${CLOSED} AND i.opened_at < $3::timestamptz AND (d.settled_at > i.opened_at OR d.settled_at IS NULL)`,
  wrong: `d.party = i.party AND ${REFUSED} AND d.settled_at >= i.opened_at AND d.settled_at <= ${CLOSED}`,
} as const satisfies Conditions<string>;

/** SQL: how many each condition finds. */
export function countsOf(conditions: Readonly<Record<string, string>>): string {
  return Object.entries(conditions)
    .map(([name, condition]) => `count(*) FILTER (WHERE ${condition}) AS "${name}"`)
    .join(', ');
}
