import { setTimeout as sleep } from 'node:timers/promises';
import { say, type Words } from '#messages/message';
import { shareByKey } from '../concurrency/batch-calls.ts';
import type { Database } from '../database/pool.ts';
import type { AppContext } from './app-context.ts';
import { Refusal } from './problem.ts';
import type { AddRoute } from './route.ts';

export type HealthContext = Pick<AppContext, 'database' | 'telemetry' | 'isStopping' | 'lastWrite'>;

/** The limit for an answer of the database. Probes wait only seconds. */
const READY_MS = 3_000;

/** Probes and metrics. They need no key and reveal nothing of a dossier. */
export function addHealth(add: AddRoute, { database, telemetry, isStopping, lastWrite }: HealthContext): void {
  // Anyone can ask at any rate, and an answer needs queries. None is kept, because clients wait for an empty backlog.
  const metrics = shareByKey(() => telemetry.registry.metrics());
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
      summary: 'Whether the hub can store data',
      description: 'An error of the last write, such as a full disk, counts for 30 seconds or until a write succeeds.',
      replies: { 200: { description: 'It can' }, 503: { description: 'It cannot now' } },
    },
    async (c) => {
      if (isStopping()) throw new Refusal('unavailable', say('hub-stopping'), { headers: { 'Retry-After': '5' } });
      const why = (await whyNothingIsKept(database)) ?? lastWrite.refusal();
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
    async (c) => c.body(await metrics('all'), 200, { 'Content-Type': telemetry.registry.contentType }),
  );
}

/** Why the database accepts no writes. In recovery, each transaction is read-only too. */
async function whyNothingIsKept({ pool, answerMs }: Database): Promise<Words | undefined> {
  const over = new AbortController();
  const silence = sleep(Math.min(READY_MS, answerMs), undefined, { signal: over.signal }).catch(() => undefined);
  const asked = pool.query<{ readOnly: boolean; inRecovery: boolean }>({
    name: 'is ready',
    text: `SELECT current_setting('transaction_read_only')::boolean AS "readOnly", pg_is_in_recovery() AS "inRecovery"`,
  });
  const answer = await Promise.race([asked, silence]).finally(() => over.abort());
  if (!answer) return say('database-away');
  const [state] = answer.rows;
  if (state?.inRecovery) return say('database-in-recovery');
  return state?.readOnly ? say('database-read-only') : undefined;
}
