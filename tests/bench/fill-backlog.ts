import type { BenchDatabase } from './databases.ts';
import type { Series } from './dossiers.ts';
import { pushedCodes } from './load.ts';
import { type Bench, replyProblems } from './measurement.ts';

const ARRAY = 100;
/** Dossiers that come in through the door; the others of the backlog are copies of them. */
const PUSHED = 5_000;

/** Pushes this many dossiers while no worker delivers. */
export async function pushUndelivered(
  bench: Bench,
  database: BenchDatabase,
  series: Series,
  count: number,
): Promise<{ readonly acknowledged: readonly string[]; readonly problems: readonly string[] }> {
  const hub = await bench.startHub(database, 'api');
  try {
    const result = await bench.loader.ask({
      url: hub.url,
      secret: bench.secrets.writer,
      connections: 4,
      seconds: 3_600,
      first: 0,
      end: Math.ceil(count / ARRAY),
      work: { kind: 'push', series, many: ARRAY },
    });
    const acknowledged = pushedCodes(series, ARRAY, result.answered);
    return { acknowledged, problems: [...replyProblems(result), ...hub.complaints] };
  } finally {
    await hub.stop();
  }
}

/**
 * Builds the large backlog quickly: some dossiers are pushed, the others and their deliveries are copies of those rows under
 * new codes. All can be claimed and sent. But a copy's sealed record still has the original code, so the partner's book is
 * compared by the keys of the deliveries.
 */
export async function fillBacklog(bench: Bench): Promise<void> {
  const { database, count } = bench.backlog;
  const { problems } = await pushUndelivered(bench, database, bench.newSeries(), Math.min(PUSHED, count));
  if (problems.length > 0) throw new Error(`the backlog could not be made: ${problems.join('; ')}`);
  const copies = Math.ceil(count / PUSHED);
  const columns = await database.rows<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'dossiers'::regclass AND attnum > 0
       AND attname <> ALL ('{code,masked,search}')`,
  );
  const names = columns.map(({ name }) => name).join(', ');
  // Nobody reads or searches these copies.
  await database.rows(
    `INSERT INTO dossiers (code, masked, search, ${names})
     SELECT code || '-' || n, '', '', ${names} FROM dossiers, generate_series(2, $1::int) AS n`,
    [copies],
  );
  await database.rows(
    `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at)
     SELECT party, operation, subject || '-' || n, seq, message_id, created_at, next_at
     FROM deliveries, generate_series(2, $1::int) AS n`,
    [copies],
  );
  await database.rows('VACUUM ANALYZE');
}
