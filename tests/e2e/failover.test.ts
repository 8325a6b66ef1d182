import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, dossier, SECRETS, type TestHub, testHub } from '../support/hub.ts';
import { type Pair, standbyPrograms, startPair } from '../support/standby.ts';

/** Beside other tests everything takes longer. */
const WITHIN_MS = 300_000;
const bin = standbyPrograms();
if (!bin) console.log('skipped: no pg_basebackup in /usr/lib/postgresql');

describe.skipIf(!bin)('a primary with a synchronous standby', () => {
  let pair: Pair;
  let hub: TestHub;
  beforeEach(async () => {
    pair = await startPair(bin as string);
    hub = await testHub({
      databaseUrl: pair.url,
      machineMs: Date.now,
      roles: ['api', 'worker', 'scheduler'],
      replicas: { urls: [pair.standbyUrl] },
    });
  });
  afterEach(async () => {
    await hub?.close();
    pair.remove();
  });

  const list = () =>
    hub.hub.app.request('/api/v1/dossiers?limit=200', { headers: { Authorization: `Bearer ${SECRETS.portal}` } });

  test(
    'it answers reads, and takes over under load: nothing acknowledged is lost, and nothing is in doubt',
    async () => {
      const acknowledged = new Set<string>();
      let isOver = false;
      let longestMs = 0;
      const load = async (): Promise<void> => {
        let lastMs = performance.now();
        for (let n = 1; !isOver || n < 20; n++) {
          const code = codeOf(n);
          for (;;) {
            const { results } = await hub.push(dossier({ code }));
            if (results[0]?.outcome === 'accepted' || results[0]?.outcome === 'duplicate') break;
            await sleep(100);
          }
          acknowledged.add(code);
          longestMs = Math.max(longestMs, performance.now() - lastMs);
          lastMs = performance.now();
          await sleep(20);
        }
      };
      const loading = load();
      await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(20);
      // The real standby replays what it answers with.
      await expect
        .poll(async () => (await hub.request('GET', '/metrics')).text(), { timeout: 60_000 })
        .toMatch(/hub_replica_in_use\{[^}]*\} 1/);
      const listed = await list();
      expect(listed.status).toBe(200);
      expect(Date.now() - Date.parse(listed.headers.get('lienthong-as-of') as string)).toBeLessThan(11_000);
      expect(await (await hub.request('GET', '/metrics')).text()).toMatch(
        /hub_reads_total\{target="127\.0\.0\.1:\d+\/hub"\} [1-9]/,
      );

      pair.killPrimary();
      await sleep(1_000);
      pair.promote();
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBeGreaterThan(before + 10);
      isOver = true;
      await loading;

      const client = new pg.Client({ connectionString: pair.standbyUrl });
      await client.connect();
      const { rows } = await client.query('SELECT code FROM dossiers');
      const { rows: feed } = await client.query('SELECT count(*)::int AS count, max(cursor)::int AS last FROM changes');
      const { rows: homes } = await client.query('SELECT doubtful_until FROM database_homes');
      await client.end();
      expect(new Set(rows.map(({ code }) => code))).toEqual(acknowledged);
      expect(feed).toEqual([{ count: acknowledged.size, last: acknowledged.size }]);
      expect(homes).toEqual([{ doubtful_until: null }]);
      console.log(`longest time without an acknowledgement: ${Math.round(longestMs)} ms`);
      expect(longestMs).toBeLessThan(15_000);
    },
    WITHIN_MS,
  );
});
