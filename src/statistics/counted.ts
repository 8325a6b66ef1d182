import type pg from 'pg';
import type { DossierEvent } from '#core/dossier/event';
import { type Counted, RULES, type Rule } from '#core/statistics/counts';
import type { Dossier } from '#schemas/dossier.upsert.v1';

/** How far the counting has come. */
export interface CountedState {
  /** The last change that is counted. */
  readonly cursor: number;
  /** While all dossiers are gone through: the last one that was; null when they were. */
  readonly filledTo: string | null;
}

/** Take the turn at counting, to the end of the transaction; undefined while another process has it. */
export async function takeTurn(tx: pg.PoolClient): Promise<CountedState | undefined> {
  const { rows } = await tx.query<CountedState>(
    'SELECT cursor, filled_to AS "filledTo" FROM counted_state FOR UPDATE SKIP LOCKED',
  );
  return rows[0];
}

export async function saveState(tx: pg.PoolClient, { cursor, filledTo }: CountedState): Promise<void> {
  await tx.query('UPDATE counted_state SET cursor = $1, filled_to = $2', [cursor, filledTo]);
}

/**
 * Begin to go through all dossiers anew where services have changed since the last time: those without a date of their own
 * are counted by the terms of their services.
 */
export async function recountAfterServices(pool: pg.Pool): Promise<void> {
  await pool.query(
    `UPDATE counted_state SET filled_to = '', services_at = newest.at
     FROM (SELECT max(changed_at) AS at FROM catalogue WHERE kind = 'service') newest
     WHERE filled_to IS NULL AND newest.at IS NOT NULL AND services_at IS DISTINCT FROM newest.at`,
  );
}

/** Forget what was counted of dossiers that are not there any more, after one code and up to another; null is the end. */
export async function forgetGone(tx: pg.PoolClient, after: string, upTo: string | null): Promise<void> {
  await tx.query({
    name: 'forget gone',
    text: `DELETE FROM counted c WHERE code > $1 AND ($2::text IS NULL OR code <= $2)
             AND NOT EXISTS (SELECT 1 FROM dossiers d WHERE d.code = c.code)`,
    values: [after, upTo],
  });
}

/** When dossiers began and ended, as it was counted the last time. */
export async function loadCounted(
  tx: pg.PoolClient,
  codes: readonly string[],
): Promise<ReadonlyMap<string, { readonly beganAt: string | null; readonly endedAt: string | null }>> {
  if (codes.length === 0) return new Map();
  const { rows } = await tx.query<{ code: string; beganAt: string | null; endedAt: string | null }>({
    name: 'load counted',
    text: `SELECT code, coalesce(began_opencps, began_766) AS "beganAt", ended_766 AS "endedAt" FROM counted
           WHERE code = ANY($1::text[])`,
    values: [codes],
  });
  return new Map(rows.map((row) => [row.code, row]));
}

/** The newest change there is. */
export async function newestChange(tx: pg.Pool | pg.PoolClient): Promise<number> {
  const { rows } = await tx.query<{ value: number }>('SELECT value FROM change_counter');
  return rows[0]?.value ?? 0;
}

/** The next dossiers in the order of their codes. */
export async function codesAfter(tx: pg.PoolClient, after: string, limit: number): Promise<readonly string[]> {
  const { rows } = await tx.query<{ code: string }>({
    name: 'codes after',
    text: 'SELECT code FROM dossiers WHERE code > $1 ORDER BY code LIMIT $2',
    values: [after, limit],
  });
  return rows.map(({ code }) => code);
}

/** The parts of those of these dossiers that are new: they count no more, now that their whole is there. */
export async function partsOf(tx: pg.PoolClient, codes: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<{ code: string }>({
    name: 'parts of',
    text: `SELECT code FROM dossiers d WHERE parent_code = ANY($1::text[])
           AND NOT EXISTS (SELECT 1 FROM counted c WHERE c.code = d.parent_code)`,
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
  /** Whether it is a part of another dossier that the index has. */
  readonly isPart: boolean;
  /** Whether the beginning of what was told is not kept any more. */
  readonly isCutOff: boolean;
  /** All that was told of it and is kept; none where that was one thing. */
  readonly events: readonly Omit<DossierEvent, 'record'>[];
}

type Row = Omit<CountableDossier, 'times' | 'events' | 'isCutOff'> & {
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
  /** The record, as readers see it, of those that have supplements. */
  readonly hasSupplements: string | null;
};

/** In a text of the record the quotes would be escaped: what is found is the member, and few dossiers have it. */
const LOAD = `
  SELECT code, agency_code AS "agencyCode", field_code AS "fieldCode", service_key AS "serviceKey", channel, status,
         status_at AS "statusAt", submitted_at AS "submittedAt", received_at AS "receivedAt", due_at AS "dueAt",
         finished_at AS "finishedAt", returned_at AS "returnedAt", refused_at AS "refusedAt", created_at AS "createdAt",
         EXISTS (SELECT 1 FROM dossiers p WHERE p.code = dossiers.parent_code AND p.code <> dossiers.code
                 AND p.parent_code IS DISTINCT FROM dossiers.code) AS "isPart",
         version, CASE WHEN strpos(masked, '"supplements":[') > 0 THEN masked END AS "hasSupplements"
  FROM dossiers WHERE code = ANY($1::text[])`;

const EVENTS = `
  SELECT e.code, seq, kind, at, e.status, party, authoritative, e.inferred, message_id AS "messageId", item,
         -- Claims of others and moments that had not come decide nothing (core/dossier: counts).
         (shared IS NULL OR party = d.owner OR 'status' = ANY(string_to_array(shared, ' ')))
           AND at <= recorded_at + interval '1 day' AS counts
  FROM events e JOIN dossiers d ON d.code = e.code
  WHERE e.code = ANY($1::text[]) AND recorded_at >= $2::timestamptz ORDER BY e.code, seq`;

/** What is known of these dossiers, without what is sealed; those that are no longer in the index are not among them. */
export async function loadCountable(tx: pg.PoolClient, codes: readonly string[]): Promise<readonly CountableDossier[]> {
  const { rows } = await tx.query<Row>({ name: 'load countable', text: LOAD, values: [codes] });
  const events = await loadCourses(tx, rows);
  return rows.map(
    ({ code, agencyCode, fieldCode, serviceKey, channel, isPart, createdAt: _, version, hasSupplements, ...own }) => {
      const told = events.get(code) ?? [];
      // Taken apart here: one text that PostgreSQL's JSON refuses would keep all others from being counted.
      const { supplements } = hasSupplements === null ? {} : (JSON.parse(hasSupplements) as Dossier);
      const times = { ...own, ...(supplements && { supplements }) };
      return {
        ...{ code, agencyCode, fieldCode, serviceKey, channel, isPart },
        times: withoutNulls(times) as CountableDossier['times'],
        isCutOff: version > 1 && told[0]?.seq !== 1,
        events: told.filter(({ counts }) => counts),
      };
    },
  );
}

type Course = DossierEvent & { readonly counts: boolean };

/** What was told of those of which more than one thing was told; of most, a dossier's own status is all. */
async function loadCourses(tx: pg.PoolClient, rows: readonly Row[]): Promise<ReadonlyMap<string, readonly Course[]>> {
  const courses = new Map<string, Course[]>();
  const told = rows.filter(({ version }) => version > 1);
  const [first] = told;
  if (!first) return courses;
  const since = told.reduce((oldest, { createdAt }) => (createdAt < oldest ? createdAt : oldest), first.createdAt);
  const events = await tx.query<Course & { code: string }>({
    name: 'countable events',
    text: EVENTS,
    values: [told.map(({ code }) => code), since],
  });
  for (const event of events.rows) {
    const known = courses.get(event.code);
    if (known) known.push(event);
    else courses.set(event.code, [event]);
  }
  return courses;
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

export interface CountedDossier {
  readonly dossier: CountableDossier;
  readonly by: Readonly<Partial<Record<Rule, Counted>>>;
}

const COLUMNS = ['code', 'agency_code', 'field_code', 'service_key', 'channel'];
const OF_RULES = RULES.flatMap((rule) => [`began_${rule}`, `ended_${rule}`, `late_${rule}`, `grade_${rule}`]);
const ALL = [...COLUMNS, ...OF_RULES];
const typeOf = (column: string) => (/^(?:began|ended|late)_/.test(column) ? 'timestamptz' : 'text');

const WRITE = `
  INSERT INTO counted (${ALL.join(', ')})
  SELECT * FROM unnest(${ALL.map((column, at) => `$${at + 1}::${typeOf(column)}[]`).join(', ')})
  ON CONFLICT (code) DO UPDATE SET ${ALL.slice(1)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

/** Keep how these dossiers are counted, and forget those that are no longer in the index. */
export async function writeCounted(
  tx: pg.PoolClient,
  counted: readonly CountedDossier[],
  gone: readonly string[],
): Promise<void> {
  if (gone.length > 0) await tx.query('DELETE FROM counted WHERE code = ANY($1::text[])', [gone]);
  if (counted.length === 0) return;
  const rows = counted.map(({ dossier: { code, agencyCode, fieldCode, serviceKey, channel }, by }) => [
    // A dossier that does not say how it came was brought (Index 766: null is direct).
    ...[code, agencyCode, fieldCode, serviceKey, channel ?? 'counter'],
    ...RULES.flatMap((rule) => {
      const { beganAt, endedAt, lateAfter, grade } = by[rule] ?? {};
      return [beganAt, endedAt, lateAfter, grade];
    }),
  ]);
  await tx.query({
    name: 'write counted',
    text: WRITE,
    values: ALL.map((_, at) => rows.map((row) => row[at] ?? null)),
  });
}
