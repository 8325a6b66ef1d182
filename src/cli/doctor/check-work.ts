import { listServicesOutOfForce } from '../../catalogue/services-out-of-force.ts';
import type { Database } from '../../database/pool.ts';
import { loadBacklog } from '../../ledger/backlog.ts';
import { IS_FAILED } from '../../ledger/delivery-list.ts';
import { hasTable } from './check-database.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('work');
const OLD_S = 3_600;

/** Waiting work, and the party it waits for. */
export async function checkWork(database: Database, nowMs: number): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'incidents')))
    return [finding('info', 'nothing yet: the database has no tables of the hub')];
  const backlog = await loadBacklog(database, nowMs);
  const { rows: failed } = await database.pool.query<{ party: string; state: string; count: number }>(
    `SELECT party, state, count(*) AS count FROM deliveries d WHERE ${IS_FAILED} GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const { rows: paused } = await database.pool.query<{ party: string; by: string }>(
    'SELECT party, paused_by AS by FROM party_states WHERE paused_at IS NOT NULL ORDER BY party',
  );
  const { rows: incidents } = await database.pool.query<{ party: string; kind: string; at: string }>(
    'SELECT party, kind, opened_at AS at FROM incidents WHERE closed_at IS NULL ORDER BY opened_at',
  );
  const { rows: waiting } = await database.pool.query<{ kind: string; count: number }>(
    'SELECT cause_kind AS kind, count(*) AS count FROM quarantine WHERE settled_at IS NULL GROUP BY 1 ORDER BY 1',
  );
  const found = [
    ...backlog.map(({ party, state, count, oldestS }) =>
      state === 'due' && oldestS < OLD_S
        ? finding('info', `${count} deliveries to ${party} are due`)
        : finding(
            'warn',
            `${count} deliveries to ${party} are ${state}, the oldest for ${Math.round(oldestS / 60)} min`,
            ADVICE[state],
          ),
    ),
    ...failed.map(({ party, state, count }) =>
      finding(
        'warn',
        `${count} deliveries to ${party} are ${state}`,
        `see why, and replay them: lienthong replay --party ${party} --state failed`,
      ),
    ),
    ...waiting.map(({ kind, count }) =>
      finding(kind === 'dossier-unknown' ? 'info' : 'warn', `${count} items wait: ${kind}`, 'see the quarantine'),
    ),
    ...paused.map(({ party, by }) => finding('warn', `${party} is paused by ${by}`, 'resume it when its work is done')),
    ...(await endedServices(database)),
    ...(await doubtfulDossiers(database)),
    ...incidents.map(({ party, kind, at }) =>
      finding('warn', `${party}: ${kind} since ${at}`, 'see its cause in the incidents'),
    ),
  ];
  return found.length > 0 ? found : [finding('ok', 'nothing waits')];
}

/** Dossiers that were filed while their service was in force are processed to their end; they are no finding. */
async function endedServices(database: Database): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'catalogue_versions'))) return [];
  const ended = (await listServicesOutOfForce(database, 1_000)).filter(({ filedAfter }) => filedAfter > 0);
  if (ended.length === 0) return [];
  const dossiers = ended.reduce((sum, { filedAfter }) => sum + filedAfter, 0);
  const codes = ended.slice(0, 5).map(({ code }) => code);
  return [
    finding(
      'warn',
      `${dossiers} live dossiers were filed under ${ended.length} services no longer in force: ${codes.join(', ')}${ended.length > codes.length ? ', …' : ''}`,
      'ask who sent them for the code in force, or correct the catalogue: see ended-services',
    ),
  ];
}

/** Dossiers that an older version let another party than the owner change. */
async function doubtfulDossiers(database: Database): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'doubtful_dossiers'))) return [];
  const { rows } = await database.pool.query<{ kind: string; count: number; codes: readonly string[] }>(
    `SELECT kind, count(*) AS count, (array_agg(code ORDER BY id))[1:5] AS codes FROM doubtful_dossiers
     WHERE settled_at IS NULL GROUP BY kind ORDER BY kind`,
  );
  return rows.map(({ kind, count, codes }) =>
    finding(
      'warn',
      `${count} dossiers are doubtful (${kind}): ${codes.join(', ')}${count > codes.length ? ', …' : ''}`,
      'compare them with their owners, who correct a dossier by sending it again; then settle them: see doubtful-dossiers',
    ),
  );
}

const ADVICE = {
  due: 'is the hub running with the role worker, and does the partner answer?',
  held: 'settle what they wait for in the quarantine',
  behind: 'they follow by themselves when the one before them is settled',
};
