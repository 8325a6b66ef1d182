import { writeXlsx } from 'hucre/xlsx';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { startHubProcess, testFolder } from '../support/process.ts';
import { HEAD, rowOf, WATER_ENTRY } from '../support/water-permits.ts';

const ROWS = 1_100;
const SECRET = 'e2e-secret-of-the-water-office';
/** Any number: the second part of the file waits for its advisory lock. */
const LOCK = 4_711;

test('an upload whose process is killed between two parts is whole after a restart', async () => {
  const database = await testDatabase();
  const folder = testFolder({
    keys: [{ id: 'water', secret: SECRET, scopes: ['dossier:write'], party: 'water' }],
    parties: { water: { adapter: 'file-drop', ...WATER_ENTRY } },
  });
  const env = {
    DATABASE_URL: database.url,
    HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
    HUB_CONFIG: folder.configPath,
  };
  let hub = await startHubProcess(env);
  const db = new pg.Client({ connectionString: database.url });
  await db.connect();
  onTestFinished(async () => {
    hub.child.kill('SIGKILL');
    await hub.ended;
    await db.end();
    await database.drop();
    folder.remove();
  });
  const count = async (what: string): Promise<number> =>
    (await db.query<{ n: number }>(`SELECT count(*)::int4 AS n FROM ${what}`)).rows[0]?.n ?? 0;
  const bytes = await writeXlsx({
    sheets: [{ name: 'Tháng 8', rows: [HEAD, ...Array.from({ length: ROWS }, (_, at) => rowOf(at + 1_000))] }],
  });
  const upload = () =>
    fetch(`${hub.url}/api/v1/parties/water/drops`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${SECRET}`, 'Content-Disposition': 'attachment; filename="ho-so.xlsx"' },
      body: bytes as Uint8Array<ArrayBuffer>,
    });

  await db.query(`SELECT pg_advisory_lock(${LOCK});
    CREATE FUNCTION wait_between() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM messages WHERE party = 'water') THEN PERFORM pg_advisory_xact_lock(${LOCK}); END IF;
      RETURN NULL; END $$;
    CREATE TRIGGER wait_between BEFORE INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION wait_between()`);
  const sent = upload().catch(() => 'no answer');
  const waits = `pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`;
  await expect.poll(() => count(waits)).toBe(1);
  hub.child.kill('SIGKILL');
  expect(await hub.ended).toBe('SIGKILL');
  expect(await sent).toBe('no answer');
  // The statement of the killed process waits too, and must not be the one that continues.
  await db.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await db.query(`DROP TRIGGER wait_between ON messages; SELECT pg_advisory_unlock(${LOCK})`);
  // The file itself, and 19 parts of 50 rows.
  expect(await count('dossiers')).toBe(950);

  hub = await startHubProcess(env);
  await expect.poll(() => count('dossiers')).toBe(ROWS);
  await expect.poll(() => count('uploads')).toBe(0);
  const { rows } = await db.query('SELECT outcome, counts FROM dropped_files');
  expect(rows).toMatchObject([{ outcome: 'taken', counts: { new: ROWS, same: 0 } }]);
  expect(await (await upload()).json()).toMatchObject({ outcome: 'repeat', counts: { new: ROWS } });
});
