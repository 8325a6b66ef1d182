import type pg from 'pg';
import type { DossierEvent } from '#core/dossier/event';
import { groupBy } from '#core/group-by';
import type { FactualDossier } from '#core/statistics/facts';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { dossierOfCode } from '../index/dossier-names.ts';
import type { Vault } from '../secrets/vault.ts';

/** SQL: whether a whole, `p`, is counted instead of its parts: it has left status 1 of the national table. */
const STANDS_FOR_PARTS = `(p.status <> 'submitted' OR p.received_at IS NOT NULL)`;

/** SQL: the dossier that a dossier names as its whole, by any of its codes. */
const wholeOf = (row: string): string => dossierOfCode(`${row}.parent_code`);

/** How many wholes above a dossier are looked at for a circle. Real chains have two or three. */
const MOST_ABOVE = 100;

/**
 * SQL: whether a dossier, `d`, counts with its whole. Of dossiers that name one another in a circle, the first one counts; of a
 * larger circle than MOST_ABOVE none.
 *
 * PostgreSQL reads a recursive query only as far as the outer one asks, so the LIMIT ends the walk. Without it, the counts of a
 * party that chains thousands of dossiers walk the whole chain for each of them.
 */
const IS_PART = `(
  EXISTS (SELECT FROM ${wholeOf('d')} p WHERE ${STANDS_FOR_PARTS})
  AND NOT (WITH RECURSIVE above AS (
      SELECT code, parent_code FROM ${wholeOf('d')} p
      UNION SELECT p.code, p.parent_code FROM above CROSS JOIN LATERAL ${wholeOf('above')} p)
    SELECT coalesce(min(code) = d.code AND bool_or(code = d.code), false)
    FROM (SELECT code FROM above LIMIT ${MOST_ABOVE}) above))`;

/** SQL: the dossiers that name a dossier as their whole, by any of its codes. */
const partsNaming = (row: string): string => `(
  SELECT p.code FROM dossiers p WHERE p.parent_code = ${row}.code
  UNION ALL SELECT p.code FROM aliases a CROSS JOIN LATERAL (
    SELECT code FROM dossiers WHERE parent_code = a.code OFFSET 0) p WHERE a.dossier = ${row}.code)`;

/**
 * The parts of these dossiers that are counted although their whole is counted, or not counted although it is not. So may be
 * parts of their parts: where one of these dossiers closes or opens a circle, the first one of the circle is somewhere below it.
 */
export async function partsOf(tx: pg.PoolClient, codes: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<{ code: string }>({
    name: 'parts of',
    text: `WITH RECURSIVE parts AS MATERIALIZED (
             SELECT p.code FROM unnest($1::text[]) AS changed(code) CROSS JOIN LATERAL ${partsNaming('changed')} p),
           below AS (
             SELECT code FROM parts
             UNION SELECT p.code FROM below CROSS JOIN LATERAL ${partsNaming('below')} p)
           SELECT d.code
           FROM (SELECT code FROM below LIMIT (SELECT count(*) FROM parts) + ${MOST_ABOVE}) found
           CROSS JOIN LATERAL (SELECT * FROM dossiers WHERE code = found.code OFFSET 0) d
           LEFT JOIN counted c ON c.code = d.code
           WHERE ${IS_PART} = (c.code IS NOT NULL AND coalesce(c.began_766, c.began_opencps, c.began_td) IS NOT NULL)`,
    values: [codes],
  });
  return rows.map(({ code }) => code);
}

export interface CountableDossier {
  readonly code: string;
  readonly agencyCode: string;
  readonly fieldCode: string | null;
  readonly serviceKey: string;
  readonly channel: string | null;
  readonly times: Pick<
    Dossier,
    'status' | 'statusAt' | 'submittedAt' | 'receivedAt' | 'dueAt' | 'finishedAt' | 'returnedAt' | 'refusedAt'
  > & { readonly supplements?: NonNullable<Dossier['supplements']> };
  /** Its record. Only `results` are sure to have their addresses. */
  readonly record: FactualDossier;
  /** Whether it is part of another dossier in the index. */
  readonly isPart: boolean;
  /** Whether the beginning of its history is deleted. */
  readonly isCutOff: boolean;
  /** The stored events. Empty if there is only one. */
  readonly events: readonly Omit<DossierEvent, 'record'>[];
}

type Row = Omit<CountableDossier, 'times' | 'record' | 'events' | 'isCutOff'> & {
  readonly createdAt: string;
  readonly version: number;
  readonly status: Dossier['status'];
  readonly statusAt: string;
  readonly submittedAt: string | null;
  readonly receivedAt: string | null;
  readonly dueAt: string | null;
  readonly finishedAt: string | null;
  readonly returnedAt: string | null;
  readonly refusedAt: string | null;
  /** The record as readers see it. */
  readonly masked: string;
  /** The whole record, for dossiers with results: readers do not see their addresses. */
  readonly sealed: Buffer | null;
  readonly sealedKey: number;
};

/** `"results":[` finds the member alone: quotes inside a text are escaped. */
const LOAD = `
  SELECT code, agency_code AS "agencyCode", field_code AS "fieldCode", service_key AS "serviceKey", channel, status,
         status_at AS "statusAt", submitted_at AS "submittedAt", received_at AS "receivedAt", due_at AS "dueAt",
         finished_at AS "finishedAt", returned_at AS "returnedAt", refused_at AS "refusedAt", created_at AS "createdAt",
         ${IS_PART} AS "isPart",
         version, masked, CASE WHEN strpos(masked, '"results":[') > 0 THEN sealed END AS sealed, sealed_key AS "sealedKey"
  FROM dossiers d WHERE code = ANY($1::text[])`;

const EVENTS = `
  SELECT e.code, seq, kind, at, e.status, party, authoritative, e.inferred, message_id AS "messageId", item,
         -- Claims of others and moments that had not come decide nothing (core/dossier: counts).
         (shared IS NULL OR party = d.owner OR 'status' = ANY(string_to_array(shared, ' ')))
           AND at <= recorded_at + interval '1 day' AND corrected_by IS NULL AS counts
  FROM events e JOIN dossiers d ON d.code = e.code
  WHERE e.code = ANY($1::text[]) AND recorded_at >= $2::timestamptz ORDER BY e.code, seq`;

/** The facts of these dossiers. Leaves out dossiers that are no longer in the index. */
export async function loadCountable(
  tx: pg.PoolClient,
  vault: Pick<Vault, 'open' | 'knows'>,
  codes: readonly string[],
): Promise<readonly CountableDossier[]> {
  const { rows } = await tx.query<Row>({ name: 'load countable', text: LOAD, values: [codes] });
  const courses = await loadCourses(tx, rows);
  return rows.map((row) => {
    const { code, agencyCode, fieldCode, serviceKey, channel, isPart, version } = row;
    const course = courses.get(code) ?? [];
    const record = recordOf(row, vault);
    return {
      code,
      agencyCode,
      fieldCode,
      serviceKey,
      channel,
      isPart,
      record,
      times: timesOf(row, record),
      isCutOff: version > 1 && course[0]?.seq !== 1,
      events: course.filter(({ counts }) => counts),
    };
  });
}

/**
 * Parsed here: a single text that PostgreSQL's JSON refuses would block the count of all others. So would a dossier of a lost
 * secret, which is counted by its masked copy.
 */
function recordOf({ masked, sealed, sealedKey }: Row, vault: Pick<Vault, 'open' | 'knows'>): Dossier {
  if (sealed === null || !vault.knows(sealedKey)) return JSON.parse(masked) as Dossier;
  return JSON.parse(vault.open({ keyId: sealedKey, bytes: sealed }).toString()) as Dossier;
}

function timesOf(row: Row, { supplements }: Dossier): CountableDossier['times'] {
  const { status, statusAt, submittedAt, receivedAt, dueAt, finishedAt, returnedAt, refusedAt } = row;
  const times = { status, statusAt, submittedAt, receivedAt, dueAt, finishedAt, returnedAt, refusedAt, supplements };
  return withoutAbsent(times) as CountableDossier['times'];
}

type Course = DossierEvent & { readonly counts: boolean };

/** The events of dossiers with more than one. For most dossiers the present status is enough. */
async function loadCourses(tx: pg.PoolClient, rows: readonly Row[]): Promise<ReadonlyMap<string, readonly Course[]>> {
  const moved = rows.filter(({ version }) => version > 1);
  const [first] = moved;
  if (!first) return new Map();
  const since = moved.reduce((oldest, { createdAt }) => (createdAt < oldest ? createdAt : oldest), first.createdAt);
  const events = await tx.query<Course & { code: string }>({
    name: 'countable events',
    text: EVENTS,
    values: [moved.map(({ code }) => code), since],
  });
  return groupBy(events.rows, ({ code }) => code);
}

function withoutAbsent(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined));
}
