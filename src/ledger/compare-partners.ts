import type { Database } from '../database/pool.ts';
import { atOneMoment } from '../database/transaction.ts';

/** The state of a delivery. `none` means that this party has no delivery of the event. */
export interface ComparedState {
  readonly state: 'delivered' | 'refused' | 'parked' | 'due' | 'held' | 'none';
  /** The reason of a refused, parked or held delivery. */
  readonly reason: string | null;
}

/** Deliveries of the same events to two parties, counted by their pair of states. */
export interface ComparedPairs {
  readonly left: ComparedState;
  readonly right: ComparedState;
  readonly deliveries: number;
  readonly dossiers: number;
  readonly sample: readonly { readonly code: string; readonly left: number | null; readonly right: number | null }[];
}

/** How long a party took for deliveries that both parties took, in seconds. */
export interface DeliveryTimes {
  readonly median: number;
  readonly p95: number;
}

export interface PartnerComparison {
  /** The share of events, among those that both parties settled, with the same state at both. Null without such events. */
  readonly agreement: number | null;
  readonly pairs: readonly ComparedPairs[];
  readonly taking: { readonly left: DeliveryTimes; readonly right: DeliveryTimes } | null;
}

export interface ComparisonQuery {
  readonly left: string;
  readonly right: string;
  /** The period in which the deliveries were created, as instants. */
  readonly from: string;
  readonly to: string;
}

const stateOf = (one: string): string => `coalesce(${one}.state, 'none')`;
const reasonOf = (one: string): string =>
  `CASE WHEN ${one}.state IN ('refused', 'parked') THEN ${one}.reason WHEN ${one}.state = 'held' THEN ${one}.cause_key END`;
const takenWithin = (one: string): string => `extract(epoch FROM ${one}.settled_at - ${one}.created_at)`;
const share = (part: number, one: string): string =>
  `percentile_cont(${part}) WITHIN GROUP (ORDER BY ${takenWithin(one)})::float8`;

const of = (party: string): string => `SELECT * FROM deliveries
  WHERE party = ${party} AND created_at BETWEEN $3::timestamptz AND $4::timestamptz AND starts_with(operation, 'dossier.')`;
/** Deliveries belong to the same event if dossier, number and operation agree. */
const PAIRED = `WITH l AS (${of('$1')}), r AS (${of('$2')})`;
const SAME = 'l.subject = r.subject AND l.seq = r.seq AND l.operation = r.operation';

const SAMPLE = 5;

interface PairRow extends Pick<ComparedPairs, 'deliveries' | 'dossiers' | 'sample'> {
  readonly leftState: ComparedState['state'];
  readonly leftReason: string | null;
  readonly rightState: ComparedState['state'];
  readonly rightReason: string | null;
}

const PAIRS = `${PAIRED}, pair AS (
    SELECT coalesce(l.subject, r.subject) AS code, l.id AS left, r.id AS right,
      ${stateOf('l')} AS "leftState", ${reasonOf('l')} AS "leftReason",
      ${stateOf('r')} AS "rightState", ${reasonOf('r')} AS "rightReason"
    FROM l FULL JOIN r ON ${SAME}),
  placed AS (
    SELECT *, row_number() OVER (
      PARTITION BY "leftState", "leftReason", "rightState", "rightReason"
      ORDER BY coalesce("left", "right") DESC) AS place
    FROM pair)
  SELECT "leftState", "leftReason", "rightState", "rightReason", count(*)::int4 AS deliveries,
    count(DISTINCT code)::int4 AS dossiers,
    json_agg(json_build_object('code', code, 'left', "left", 'right', "right") ORDER BY place)
      FILTER (WHERE place <= ${SAMPLE}) AS sample
  FROM placed GROUP BY 1, 2, 3, 4 ORDER BY deliveries DESC, 1, 2, 3, 4`;

const TAKING = `${PAIRED}
  SELECT ${share(0.5, 'l')} AS l50, ${share(0.95, 'l')} AS l95, ${share(0.5, 'r')} AS r50, ${share(0.95, 'r')} AS r95
  FROM l JOIN r ON ${SAME} WHERE l.state = 'delivered' AND r.state = 'delivered'`;

/** Compares deliveries of the same events to two parties in a period, the most frequent pair first. Reads the whole period. */
export async function comparePartners(
  database: Database,
  { left, right, from, to }: ComparisonQuery,
): Promise<PartnerComparison> {
  const values = [left, right, from, to];
  const [rows, taken] = await atOneMoment(database, async (run) => {
    // All deliveries of a period are read, most cheaply by a scan.
    await run('SET LOCAL enable_seqscan = on');
    return [
      await run<PairRow>(PAIRS, values),
      await run<Record<'l50' | 'l95' | 'r50' | 'r95', number | null>>(TAKING, values),
    ] as const;
  });
  const { l50, l95, r50, r95 } = taken[0] ?? {};
  const pairs = rows.map(({ leftState, leftReason, rightState, rightReason, ...rest }) => ({
    left: { state: leftState, reason: leftReason },
    right: { state: rightState, reason: rightReason },
    ...rest,
  }));
  return {
    agreement: agreementOf(pairs),
    pairs,
    taking:
      l50 == null || l95 == null || r50 == null || r95 == null
        ? null
        : { left: { median: l50, p95: l95 }, right: { median: r50, p95: r95 } },
  };
}

function agreementOf(pairs: readonly ComparedPairs[]): number | null {
  const isOver = ({ state }: ComparedState): boolean => ['delivered', 'refused', 'parked'].includes(state);
  const both = pairs.filter(({ left, right }) => isOver(left) && isOver(right));
  const same = both.filter(({ left, right }) => left.state === right.state && left.reason === right.reason);
  const sum = (of: readonly ComparedPairs[]): number => of.reduce((total, { deliveries }) => total + deliveries, 0);
  return both.length === 0 ? null : sum(same) / sum(both);
}
