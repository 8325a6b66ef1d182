import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createVault } from '../../src/secrets/vault.ts';
import { commandScene } from '../support/command-scene.ts';
import { testDatabase } from '../support/database.ts';
import { dossier } from '../support/hub.ts';
import { lienthongHere } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const scene = commandScene();

describe('doctor', () => {
  test('a healthy hub: 0, and the list of checks', async () => {
    expect(await scene.here('migrate')).toMatchObject({ code: 0 });
    const { code, out } = await scene.run('doctor', '--json');
    const { findings, fail } = JSON.parse(out) as {
      fail: number;
      findings: { area: string; level: string; found: string }[];
    };
    expect({ code, fail }).toEqual({ code: 0, fail: 0 });
    const areas = new Set(findings.map(({ area }) => area));
    expect(areas).toEqual(
      new Set(['settings', 'secrets', 'database', 'disk', 'queue', 'partners', 'work', 'audit', 'retention', 'files']),
    );
    const { rows } = await scene.query("SELECT setting FROM pg_settings WHERE name = 'autovacuum'");
    const [cleaning] = findings.filter(({ found }) => found.startsWith('autovacuum is'));
    expect(cleaning?.level).toBe(rows[0].setting === 'on' ? 'ok' : 'warn');
  });

  test('tables with unkeyed hashes of an older version are reported until all are keyed', async () => {
    await scene.here('migrate');
    const { out: well } = await scene.here('doctor');
    expect(well).toMatch(/ok {4}secrets {3}hashes of personal data and words of names are keyed/);
    await scene.query(`INSERT INTO rekeying (table_name, looked) VALUES ('dossiers', 1200)`);
    const { code, out } = await scene.here('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/warn {2}secrets {3}dossiers: rows after the first 1200 may hold .*\n.*keys reseal/);
    expect(await scene.here('keys', 'reseal')).toMatchObject({ code: 0 });
    expect((await scene.here('doctor')).out).toContain('words of names are keyed');
  });

  test('an audit entry that was changed past the hub is a failure, and is named', async () => {
    await scene.here('migrate');
    for (const subject of ['a', 'b', 'c'])
      await scene.query(`INSERT INTO audit (at, actor, action, subject) VALUES (now(), 'ops', 'party.pause', $1)`, [
        subject,
      ]);
    const { out: well } = await scene.here('doctor');
    expect(well).toMatch(/ok {4}audit {5}its 3 entries are linked as they were written/);
    await scene.query(`UPDATE audit SET actor = 'nobody' WHERE position = 2`);
    const { code, out } = await scene.here('doctor');
    await scene.query(`UPDATE audit SET actor = 'ops' WHERE position = 2`);
    expect(code).toBe(1);
    expect(out).toMatch(
      /fail {2}audit {5}entry 2 \(id \d+\) was changed or moved; the 1 before are as they were written/,
    );
  });

  test('audit entries that were not signed in time are a warning', async () => {
    await scene.here('migrate');
    const long = `now() - interval '5 days'`;
    const add = (subject: string) =>
      scene.query(`INSERT INTO audit (at, actor, action, subject) VALUES (${long}, 'ops', 'party.pause', $1)`, [
        subject,
      ]);
    await add('signed');
    const { rows } = await scene.query(
      `SELECT position, encode(link, 'hex') AS link, ((${long}) AT TIME ZONE 'Etc/GMT-7')::date::text AS day FROM audit_head`,
    );
    const [{ position, link, day }] = rows;
    const signed = createVault([scene.env().HUB_SECRET as string]).sign('audit', `${day} ${position} ${link}`);
    await scene.query('INSERT INTO audit_anchors VALUES ($1, $2)', [day, signed]);
    await add('unsigned');
    const { code, out } = await scene.here('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/warn {2}audit {5}1 entries from .* were not signed by the end of the next day\n.*deleted/);
  });

  test('a refusal counts until a newer version is delivered, or it is given up', async () => {
    await scene.here('migrate');
    const add = (subject: string, state: string, reason?: string) =>
      scene.query(
        `INSERT INTO deliveries (party, operation, subject, seq, message_id, state, reason, created_at, next_at)
         VALUES ('portal', 'dossier.upsert.v1', $1, 1, gen_random_uuid(), $2, $3, now(), now())`,
        [subject, state, reason],
      );
    await add('H60.01-250812-0001', 'refused', 'refused-by-portal');
    await add('H60.01-250812-0002', 'refused', 'dismissed');
    await add('H60.01-250812-0003', 'parked', 'down');
    await add('H60.01-250812-0003', 'delivered');
    const { out } = await scene.here('doctor');
    await scene.query('DELETE FROM deliveries');
    expect(out).toMatch(/warn {2}work {6}1 deliveries to portal are refused\n.*replay --party portal --state failed/);
    expect(out).not.toContain('are parked');
  });

  test('unsafe durability, old tables and a partner that is away: 1, with advice', async () => {
    const empty = await testDatabase();
    const name = new URL(empty.url).pathname.slice(1);
    await scene.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    await scene.query(`ALTER DATABASE ${name} SET track_counts = off`);
    const settings = { baseUrl: 'http://127.0.0.1:1', token: 'changeme' };
    const sick = testFolder({ parties: { 'one-stop': { adapter: 'one-stop', settings } } });
    const ran = await lienthongHere(
      ['doctor'],
      { ...scene.env(), DATABASE_URL: empty.url, HUB_CONFIG: sick.configPath },
      sick.path,
    );
    expect(ran.code).toBe(1);
    for (const says of [
      /fail {2}database {2}synchronous_commit is off/,
      /→ set synchronous_commit = on/,
      /warn {2}database {2}track_counts is off: nothing cleans up dead rows/,
      /→ set track_counts = on/,
      /warn {2}database {2}\d+ migrations are to be applied: 001-/,
      /fail {2}partners {2}one-stop: http:\/\/127\.0\.0\.1:1 does not answer/,
      /warn {2}secrets {3}\/parties\/one-stop\/settings\/token: it is a default/,
    ])
      expect(ran.out).toMatch(says);
    expect(ran.out).not.toContain('changeme');
    sick.remove();
    await empty.drop();
  });

  test('a secret that does not open the stored data fails, unless the right one is given too', async () => {
    const path = scene.file('kept.json', JSON.stringify(dossier()));
    expect(await scene.here('import', 'one-stop', path)).toMatchObject({ code: 0 });
    const env = { ...scene.env(), HUB_SECRET: 'another-secret-of-the-tests-that-is-long-enough' };
    const doctor = (more: object) => lienthongHere(['doctor'], { ...env, ...more }, scene.folder);
    const wrong = await doctor({});
    expect(wrong).toMatchObject({
      code: 1,
      out: expect.stringMatching(/fail {2}secrets {3}1 of the newest 1 messages .*\n.*→ is HUB_SECRET/),
    });
    const rotated = await doctor({ HUB_SECRET_OLD: scene.env().HUB_SECRET as string });
    expect(rotated).toMatchObject({
      code: 0,
      out: expect.stringContaining('HUB_SECRET decrypts the newest 1 messages'),
    });
  });

  test('a missing database and a user without rights get their own advice', async () => {
    const url = new URL(scene.env().DATABASE_URL as string);
    url.pathname = '/no_such_database';
    const { out } = await lienthongHere(['doctor'], { ...scene.env(), DATABASE_URL: url.href }, scene.folder);
    expect(out).toMatch(/fail {2}database {2}.*does not exist\n.*→ create the database/);
  });

  test('a database where the start could make no tables is a failure, with the same advice as the start', async () => {
    const empty = await testDatabase();
    const name = new URL(empty.url).pathname.slice(1);
    const role = `doctor_${name}`;
    await scene.query(`CREATE ROLE ${role} LOGIN PASSWORD 'mat-khau-thu-nghiem'`);
    const url = Object.assign(new URL(empty.url), { username: role, password: 'mat-khau-thu-nghiem' });
    const run = (command: string) => lienthongHere([command], { ...scene.env(), DATABASE_URL: url.href }, scene.folder);
    const expectAdvice = async (advice: string) => {
      const [seen, started] = [await run('doctor'), await run('migrate')];
      expect([seen.code, started.code]).toEqual([1, 1]);
      expect(seen.out).toMatch(new RegExp(`fail {2}database {2}\\d+ migrations cannot be applied: .*\n.*→ ${advice}`));
      expect(started.out + started.errors).toContain(advice);
    };
    try {
      await expectAdvice('make its role the owner of the database');
      await scene.query(`ALTER ROLE ${role} SET search_path = 'no_such_schema'`);
      await expectAdvice('reset search_path of the database and of its role');
    } finally {
      await empty.drop();
      await scene.query(`DROP ROLE ${role}`);
    }
  });

  test('a database that takes no writes, and one with too many sessions, are failures with their own advice', async () => {
    const readOnly = await testDatabase();
    const name = new URL(readOnly.url).pathname.slice(1);
    await scene.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    const doctor = (url: string) => lienthongHere(['doctor'], { ...scene.env(), DATABASE_URL: url }, scene.folder);
    const says = /fail {2}database {2}it is read-only: it takes no writes\n.*→ set default_transaction_read_only = off/;
    expect(await doctor(readOnly.url)).toMatchObject({ code: 1, out: expect.stringMatching(says) });
    await readOnly.drop();

    const full = await testDatabase();
    await scene.query(`ALTER DATABASE ${new URL(full.url).pathname.slice(1)} CONNECTION LIMIT 0`);
    await scene.query(`CREATE ROLE doctor_without_sessions LOGIN PASSWORD 'mat-khau-thu-nghiem'`);
    const url = new URL(full.url);
    Object.assign(url, { username: 'doctor_without_sessions', password: 'mat-khau-thu-nghiem' });
    const { code, out } = await doctor(url.href);
    await scene.query('DROP ROLE doctor_without_sessions');
    expect([code, out]).toEqual([1, expect.stringMatching(/too many connections.*\n.*→ raise max_connections/)]);
    await full.drop();
  });

  test('a WSDL that is missing, or lacks an operation of the settings, is a failure', async () => {
    const settings = JSON.parse(readFileSync('adapters/soap-ministry/parties/construction.json', 'utf8'));
    const wsdl = resolve(settings.wsdl);
    const doctor = async (given: object) => {
      const parties = {
        'one-stop': { adapter: 'one-stop' },
        construction: {
          adapter: 'soap-ministry',
          settings: { ...settings, wsdl, password: 'mat-khau-thu-nghiem', ...given },
        },
      };
      const { configPath, path, remove } = testFolder({ parties });
      const ran = await lienthongHere(['doctor'], { ...scene.env(), HUB_CONFIG: configPath }, path);
      remove();
      return ran.out;
    };
    expect(await doctor({})).toMatch(/ok {4}partners {2}construction: its settings fit the documents that they name/);
    expect(await doctor({ wsdl: '/nowhere/bo.wsdl' })).toMatch(
      /fail {2}partners {2}construction: \/session, .*: the WSDL \/nowhere\/bo\.wsdl cannot be read: ENOENT\n.*→ /,
    );
  });

  test('replicas that do not answer or take writes are named, without a failure', async () => {
    const env = scene.env();
    const [own, away] = [new URL(env.DATABASE_URL as string), new URL('postgres://hub:pass-word@127.0.0.1:1/hub')];
    const more = { DATABASE_READ_URLS: `${own.href},${away.href}` };
    const { code, out } = await lienthongHere(['doctor'], { ...env, ...more }, scene.folder);
    expect(out).toMatch(
      /warn {2}database {2}the replica [\w.:]+\/\w+ takes writes.*\n.*→ DATABASE_READ_URLS names standbys/,
    );
    expect(out).toMatch(/warn {2}database {2}the replica 127\.0\.0\.1:1\/hub does not answer: .*\n.*→ start it/);
    expect(out).not.toContain('pass-word');
    expect(code).toBe(0);
  });

  test('of several hosts it names the one that takes writes, and a missing synchronous standby', async () => {
    const url = new URL(scene.env().DATABASE_URL as string);
    const both = url.href.replace(`${url.host}/`, `127.0.0.1:1,${url.host}/`);
    const { code, out } = await lienthongHere(['doctor'], { ...scene.env(), DATABASE_URL: both }, scene.folder);
    expect(out).toMatch(new RegExp(`ok {4}database {2}of the hosts in DATABASE_URL, ${url.host}/\\w+ takes writes`));
    expect(out).toMatch(/warn {2}database {2}synchronous_standby_names is empty.*\n.*→ name the standby/);
    expect(code).toBe(0);
  });

  test.each([
    [{}, 1, /fail {2}database {2}the database was made by a newer version of the hub: .*999-of-tomorrow/],
    [
      { stop_older: 'it would mix them' },
      1,
      /fail {2}database {2}.*must not run on 999-of-tomorrow: it would mix them/,
    ],
    [{ change: 'A further column.' }, 0, /warn {2}database {2}its tables are of a newer version: .*may run on them/],
  ])('tables of a newer version with the note %j: %d, as at the start', async (note, code, says) => {
    await scene.here('migrate');
    await scene.query(
      `INSERT INTO hub_migrations (name, timestamp, change, stop_older)
       SELECT '999-of-tomorrow', 'x', change, stop_older FROM json_to_record($1) AS n(change text, stop_older text)`,
      [note],
    );
    const ran = await scene.here('doctor');
    await scene.query(`DELETE FROM hub_migrations WHERE name = '999-of-tomorrow'`);
    expect(ran.code).toBe(code);
    expect(ran.out).toMatch(says);
  });

  test('a guessable key is refused, as at the start: 2', async () => {
    const keys = [{ id: 'portal', secret: 'changeme123', scopes: ['index:read'] }];
    const weak = testFolder({ keys });
    const { code, errors } = await lienthongHere(
      ['doctor'],
      { ...scene.env(), HUB_CONFIG: weak.configPath },
      weak.path,
    );
    expect(code).toBe(2);
    expect(errors).toMatch(/\/keys\/0\/secret: it is a default that anybody tries first/);
    expect(errors).not.toContain('changeme123');
    weak.remove();
  });

  test('without settings it warns, and writes nothing', async () => {
    const fresh = mkdtempSync(join(tmpdir(), 'lienthong-doctor-'));
    const { code, out } = await lienthongHere(['doctor'], {}, fresh);
    expect(code).toBe(0);
    expect(out).toMatch(/warn {2}settings {2}there is no configuration file .*hub\.config\.json.*\n.*→ set HUB_CONFIG/);
    expect(out).toMatch(/info {2}database {2}no DATABASE_URL/);
    expect(readdirSync(fresh)).toEqual([]);
    rmSync(fresh, { recursive: true });
  });
});
