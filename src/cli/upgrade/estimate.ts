import type { Job, MigrationNote, Work } from '../../database/migration-notes.ts';

/** Rows by table. */
export type RowCounts = ReadonlyMap<string, number>;

/**
 * Rows a second. Measured with 200,000 dossiers on 2 cores at a load average of 18: indexes at 200,000 to 700,000, updates at 4,000
 * (dossiers) to 12,000 (rows of statistics).
 */
const ROWS_PER_SECOND: Readonly<Record<Work['how'], number>> = { index: 150_000, update: 4_000 };

interface JobWork {
  /** What the scheduler does. */
  readonly says: string;
  readonly tables: readonly string[];
  /** Measured likewise: three jobs at once did 470 dossiers a second each. */
  readonly rowsPerSecond: number;
}

const KEYED = ['dossiers', 'events', 'messages', 'records'];

export const JOBS: Readonly<Record<Job, JobWork>> = {
  recount: { says: 'count all dossiers again', tables: ['dossiers'], rowsPerSecond: 470 },
  reseal: { says: 'key hashes and words again', tables: KEYED, rowsPerSecond: 470 },
  remask: { says: 'mask dossiers again', tables: ['dossiers'], rowsPerSecond: 470 },
  reword: { says: 'give dossiers the words of filters', tables: ['dossiers'], rowsPerSecond: 470 },
};

/** The tables whose rows decide how long an upgrade takes. */
export function countedTables(notes: readonly MigrationNote[]): readonly string[] {
  return [...new Set(['dossiers', ...notes.flatMap((note) => note.duringStart?.tables ?? []), ...jobTables()])];
}

function jobTables(): readonly string[] {
  return Object.values(JOBS).flatMap(({ tables }) => tables);
}

/** Seconds for which a migration delays the start. Under 1 is noise. */
export function startSeconds({ duringStart }: MigrationNote, rows: RowCounts): number {
  if (duringStart === undefined) return 0;
  return sumOf(duringStart.tables, rows) / ROWS_PER_SECOND[duringStart.how];
}

/** The jobs that these migrations cause, each once, with their seconds. */
export function jobsOf(notes: readonly MigrationNote[], rows: RowCounts): readonly { job: Job; seconds: number }[] {
  const jobs = new Set(notes.flatMap(({ afterwards }) => afterwards ?? []));
  return [...jobs].map((job) => ({ job, seconds: sumOf(JOBS[job].tables, rows) / JOBS[job].rowsPerSecond }));
}

function sumOf(tables: readonly string[], rows: RowCounts): number {
  return tables.reduce((sum, table) => sum + (rows.get(table) ?? 0), 0);
}

/** Such as `under 1 s`, `about 40 s`, `about 12 min`, `about 3 h`. */
export function inWords(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  if (seconds < 90) return `about ${Math.ceil(seconds)} s`;
  if (seconds < 90 * 60) return `about ${Math.ceil(seconds / 60)} min`;
  return `about ${Math.ceil(seconds / 3600)} h`;
}
