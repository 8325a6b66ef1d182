import type pg from 'pg';
import { groupBy } from '#core/group-by';
import type { CountingEvent } from '#core/statistics/course';
import type { FactualDossier } from '#core/statistics/facts';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Vault } from '../secrets/vault.ts';
import { IS_PART } from './parts-of-wholes.ts';

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
  readonly events: readonly CountingEvent[];
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
           AND at <= recorded_at + interval '1 day' AND corrected_by IS NULL AS counts,
         shared IS NOT NULL AND party <> d.owner AS "isOthers"
  FROM events e JOIN dossiers d ON d.code = e.code
  WHERE e.code = ANY($1::text[]) AND recorded_at >= $2::timestamptz ORDER BY e.code, seq`;

/** The facts of these dossiers. Leaves out dossiers that are no longer in the index. */
export async function loadCountable(
  db: pg.Pool | pg.PoolClient,
  vault: Pick<Vault, 'open' | 'knows'>,
  codes: readonly string[],
): Promise<readonly CountableDossier[]> {
  const { rows } = await db.query<Row>({ name: 'load countable', text: LOAD, values: [codes] });
  const courses = await loadCourses(db, rows);
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
      times: timesInRow(row, record),
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

function timesInRow(row: Row, { supplements }: Dossier): CountableDossier['times'] {
  const { status, statusAt, submittedAt, receivedAt, dueAt, finishedAt, returnedAt, refusedAt } = row;
  const times = { status, statusAt, submittedAt, receivedAt, dueAt, finishedAt, returnedAt, refusedAt, supplements };
  return withoutAbsent(times) as CountableDossier['times'];
}

type Course = CountingEvent & { readonly counts: boolean };

/** The events of dossiers with more than one. For most dossiers the present status is enough. */
async function loadCourses(
  db: pg.Pool | pg.PoolClient,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, readonly Course[]>> {
  const moved = rows.filter(({ version }) => version > 1);
  const [first] = moved;
  if (!first) return new Map();
  const since = moved.reduce((oldest, { createdAt }) => (createdAt < oldest ? createdAt : oldest), first.createdAt);
  const events = await db.query<Course & { code: string }>({
    name: 'countable events',
    text: EVENTS,
    values: [moved.map(({ code }) => code), since],
  });
  return groupBy(events.rows, ({ code }) => code);
}

function withoutAbsent(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined));
}
