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
      await database.pool.query('SELECT 1');
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
