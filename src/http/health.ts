import type { Database } from '../database/pool.ts';
import type { Telemetry } from '../telemetry.ts';
import { Refusal } from './problem.ts';
import type { AddRoute } from './route.ts';

export interface HealthMeans {
  readonly database: Database;
  readonly telemetry: Telemetry;
  /** Whether the hub is leaving: it answers what it has, and wants no more. */
  readonly isDraining: () => boolean;
}

/** Probes and metrics. None needs a key, none says anything of a dossier. */
export function addHealth(add: AddRoute, { database, telemetry, isDraining }: HealthMeans): void {
  add(
    {
      method: 'get',
      path: '/health/live',
      tag: 'Operation',
      summary: 'Whether the process runs',
      replies: { 200: { description: 'It runs' } },
    },
    (c) => c.json({ status: 'live' }),
  );
  add(
    {
      method: 'get',
      path: '/health/ready',
      tag: 'Operation',
      summary: 'Whether the hub can keep what it is given',
      replies: { 200: { description: 'It can' }, 503: { description: 'It cannot now' } },
    },
    async (c) => {
      if (isDraining()) throw new Refusal('unavailable', 'the hub is stopping', { headers: { 'Retry-After': '5' } });
      const why = await whyNothingIsKept(database);
      if (why !== undefined) throw new Refusal('unavailable', why, { headers: { 'Retry-After': '5' } });
      return c.json({ status: 'ready' });
    },
  );
  add(
    {
      method: 'get',
      path: '/metrics',
      tag: 'Operation',
      summary: 'Metrics for Prometheus',
      replies: { 200: { description: 'Metrics', mediaType: 'text/plain' } },
    },
    async (c) => c.body(await telemetry.registry.metrics(), 200, { 'Content-Type': telemetry.registry.contentType }),
  );
}

/** Why a database that answers takes no writes. In recovery each transaction is read-only, too. */
async function whyNothingIsKept({ pool }: Database): Promise<string | undefined> {
  const { rows } = await pool.query<{ readOnly: boolean; inRecovery: boolean }>({
    name: 'is ready',
    text: `SELECT current_setting('transaction_read_only')::boolean AS "readOnly", pg_is_in_recovery() AS "inRecovery"`,
  });
  if (rows[0]?.inRecovery) return 'the database is in recovery, as a stand-by is: it takes no writes';
  return rows[0]?.readOnly ? 'the database is read-only: it takes no writes' : undefined;
}
