import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import { startSimulator } from '../../src/kit/testing/index.ts';
import { commandScene } from '../support/command-scene.ts';
import { codeOf, dossier, progress } from '../support/hub.ts';
import { lienthongHere } from '../support/lienthong.ts';

const scene = commandScene();

/** What is in a report. */
function linesIn(path: string): unknown[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('import', () => {
  test('reports the outcomes of the items and the places of the others, in words and as JSON', async () => {
    const lines = [
      JSON.stringify(dossier({ code: codeOf(1) })),
      '{"code": ',
      JSON.stringify(dossier({ code: codeOf(2) })),
    ];
    const path = scene.file('a.ndjson', lines.join('\n'));
    const report = join(scene.folder, 'report.ndjson');
    const { code, out, errors } = await scene.here('import', 'one-stop', path, '--report', report, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      accepted: 2,
      invalid: 1,
      files: [{ file: path, format: 'ndjson', accepted: 2 }],
    });
    expect(errors).toContain('a.ndjson:2: invalid');
    expect(linesIn(report)).toMatchObject([
      { file: path, line: 1, outcome: 'accepted' },
      { file: path, line: 2, outcome: 'invalid' },
      { file: path, line: 3, outcome: 'accepted' },
    ]);
    for (const action of ['import.begun', 'import'])
      expect(
        await scene.count(
          `audit WHERE action = '${action}' AND subject LIKE 'party one-stop: dossier.upsert.v1 file:%'`,
        ),
      ).toBe(1);
  });

  test('imports nothing when its report cannot be written', async () => {
    const path = scene.file('b.ndjson', JSON.stringify(dossier({ code: codeOf(3) })));
    const told = await scene.here('import', 'one-stop', path, '--report', join(scene.folder, 'no', 'report'));
    expect(told).toMatchObject({ code: 2, errors: expect.stringContaining('--report: ') });
    expect(await scene.count(`dossiers WHERE code = '${codeOf(3)}'`)).toBe(0);
  });

  test('reports warnings: each kind once with its count, and item by item in the report file', async () => {
    const items = [5, 6].map((n) => dossier({ code: codeOf(n), agencyCode: 'H60.99' }));
    const path = scene.file('warned.json', JSON.stringify(items));
    const report = join(scene.folder, 'warned.ndjson');
    const told = await scene.here('import', 'one-stop', path, '--report', report);
    expect(told).toMatchObject({ code: 0, out: expect.stringMatching(/: 2 accepted, .*; 2 with warnings\n$/) });
    expect(told.errors).toMatch(/^warning \(2\): \/agencyCode the catalogue has no agency H60\.99/m);
    expect(linesIn(report)).toMatchObject([
      { line: 1, code: codeOf(5), outcome: 'accepted', warnings: [{}, { path: '/agencyCode' }] },
      { line: 1, code: codeOf(6), outcome: 'accepted' },
    ]);
    expect(JSON.parse((await scene.here('import', 'one-stop', path, '--json')).out)).toMatchObject({ withWarnings: 2 });
  });

  test.each([
    ['header.csv', 'code,status\n', /header\.csv holds no item after its first row/],
    ['columns.csv', 'code,ten\nx,y\n', /columns\.csv: the first row names .*"ten"/],
    ['none.json', '[ ]', /none\.json holds no item/],
  ])('imports nothing of any file when one of them holds no item: %s', async (name, content, says) => {
    const whole = scene.file('whole.ndjson', JSON.stringify(dossier({ code: codeOf(7) })));
    const told = await scene.here('import', 'one-stop', whole, scene.file(name, content));
    expect(told).toMatchObject({ code: 2, out: '', errors: expect.stringMatching(says) });
    expect(await scene.count(`dossiers WHERE code = '${codeOf(7)}'`)).toBe(0);
  });

  test('steps of an earlier file are applied when their dossier is imported, though the command ends then', async () => {
    const steps = scene.file('steps.ndjson', JSON.stringify(progress({ code: codeOf(4) })));
    const dossiers = scene.file('their.ndjson', JSON.stringify(dossier({ code: codeOf(4) })));
    expect(await scene.run('import', 'one-stop', steps, '--operation', 'progress')).toMatchObject({ code: 0 });
    const { code, errors } = await scene.run('import', 'one-stop', dossiers);
    expect({ code, log: errors.includes('level') }).toEqual({ code: 0, log: false });
    expect(await scene.count(`events WHERE code = '${codeOf(4)}'`)).toBe(2);
  });

  test('after a kill and a repeat, nothing is lost or doubled', async () => {
    const items = 6_000;
    const path = scene.file(
      'many.ndjson',
      Array.from({ length: items }, (_, n) => JSON.stringify(dossier({ code: `H60.02-250812-${10_000 + n}` }))).join(
        '\n',
      ),
    );
    const there = () => scene.count("dossiers WHERE code LIKE 'H60.02-%'");
    const first = scene.start('import', 'one-stop', path);
    while ((await there()) < 1_000) await new Promise((resolve) => setTimeout(resolve, 10));
    first.child.kill('SIGKILL');
    await first.ended;
    const kept = await there();
    expect(kept).toBeLessThan(items);
    const again = await scene.here('import', 'one-stop', path, '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ accepted: items, duplicate: 0, invalid: 0 });
    expect(await there()).toBe(items);
    expect(await scene.count("events WHERE code LIKE 'H60.02-%'")).toBe(items);
    expect(await scene.count("messages WHERE door = 'import' AND results::text LIKE '%H60.02-%'")).toBe(items / 500);
  });
});

describe('replay', () => {
  test.each([[[]], [['--run', '--why', 'thử']]])('of an unknown party is refused %j', async (more) => {
    const told = await scene.here('replay', '--party', 'one-stpo', ...more);
    expect(told).toMatchObject({ code: 2, errors: expect.stringMatching(/no party "one-stpo"; there are .*one-stop/) });
  });
});

describe('reconcile', () => {
  test('with an unknown party is refused before any database is created', async () => {
    const { DATABASE_URL: _, ...env } = scene.env();
    const data = join(scene.folder, 'data');
    const told = await lienthongHere(['reconcile', 'one-stpo'], { ...env, HUB_DATA_DIR: data }, scene.folder);
    expect(told).toMatchObject({ code: 2, errors: expect.stringMatching(/no party "one-stpo"; there are one-stop/) });
    expect(existsSync(join(data, 'postgres'))).toBe(false);
  });
});

describe('reconcile with a partner', () => {
  const away = commandScene({
    parties: {
      'one-stop': { adapter: 'one-stop' },
      portal: {
        adapter: 'national-portal',
        settings: {
          adapterUrl: 'http://127.0.0.1:9',
          username: 'sim',
          password: 'sim-password',
          dstcode: 'VN:GOV:TEST',
          madonvi: 'H60',
        },
      },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
  });

  test('ends with 2 when the partner could not be asked, also with --repair; with 1 when something differs too', async () => {
    const whole = {
      agencyName: 'Sở thử nghiệm',
      fieldCode: 'G03-GD10',
      fieldName: 'Lĩnh vực thử nghiệm',
      resultDelivery: 'counter',
      applicant: { kind: 'citizen', name: 'Nguyễn Văn An' },
    };
    const path = away.file('two.json', JSON.stringify([1, 2].map((n) => dossier({ code: codeOf(n), ...whole }))));
    expect(await away.here('import', 'one-stop', path)).toMatchObject({ code: 0 });
    await away.query("UPDATE deliveries SET state = 'delivered'");
    const said = { code: 2, out: expect.stringContaining('portal: no dossier could be compared: 0 agree') };
    expect(await away.here('reconcile', 'portal')).toMatchObject(said);
    expect(await away.here('reconcile', 'portal', '--repair', 'ours')).toMatchObject(said);
    const portal = await startSimulator(nationalPortal());
    const config = readFileSync(join(away.folder, 'hub.config.json'), 'utf8');
    away.file('hub.config.json', config.replace('http://127.0.0.1:9', portal.url));
    await away.query('DELETE FROM dossiers WHERE code = $1', [codeOf(1)]);
    expect(await away.here('reconcile', 'portal')).toMatchObject({
      code: 1,
      out: expect.stringContaining('1 absent there, 0 behind, 0 under way, 0 untold, 1 not asked'),
    });
    await portal.close();
  });
});

describe('rebuild', () => {
  test('ends with 1 after tampering, with 0 after the swap', async () => {
    await scene.query("UPDATE dossiers SET status = 'returned' WHERE code = $1", [codeOf(2)]);
    const told = await scene.here('rebuild');
    expect(told).toMatchObject({
      code: 1,
      out: expect.stringContaining(`dossiers ${codeOf(2)} status: live returned, rebuilt received`),
    });
    expect(await scene.here('rebuild', '--swap')).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 rebuilt dossiers were swapped into the live index'),
    });
  });

  test('does not advise a swap that would be refused', async () => {
    const path = scene.file('unread.json', JSON.stringify(dossier({ code: codeOf(77) })));
    await scene.here('import', 'one-stop', path);
    const ofMessage = `WHERE id = (SELECT message_id FROM events WHERE code = '${codeOf(77)}')`;
    await scene.query(`UPDATE messages SET door = 'gone' ${ofMessage}`);
    const { code, out } = await scene.here('rebuild');
    await scene.query(`UPDATE messages SET door = 'import' ${ofMessage}`);
    expect([code, out]).toEqual([1, expect.stringMatching(/differs .*; --swap would change nothing, because 1 items/)]);
  });

  test('a kill changes nothing, and the next run cleans up', async () => {
    const first = scene.start('rebuild', '--swap');
    while ((await scene.count(SECOND_INDEX)) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await scene.count(SECOND_INDEX)).toBe(1);
    const { code, out } = await scene.here('rebuild', '--json');
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, identical: true, found: 0, notCovered: 0 });
    expect(await scene.count(SECOND_INDEX)).toBe(0);
  });

  test('a signal ends it at once, without a second index left', async () => {
    const other = await scene.session();
    for (const [signal, words] of [
      // While it applies the messages, and while it compares the whole feeds.
      ['SIGINT', undefined],
      ['SIGTERM', 'FROM hub_rebuild.changes'],
    ] as const) {
      const { child, ended } = scene.start('rebuild');
      await expect.poll(() => scene.count(SECOND_INDEX), { timeout: 60_000 }).toBe(1);
      if (words !== undefined) {
        await other.query('BEGIN; LOCK TABLE changes');
        await expect.poll(() => scene.count(waitingFor(words)), { timeout: 60_000 }).toBe(1);
      }
      child.kill(signal);
      const { errors } = await ended;
      await other.query('ROLLBACK');
      expect([child.signalCode, errors, await scene.count(SECOND_INDEX)]).toEqual([
        signal,
        expect.stringContaining(`lienthong: ${signal} ended the command before it was done\n`),
        0,
      ]);
    }
    await other.end();
  });
});

const SECOND_INDEX = "pg_namespace WHERE nspname = 'hub_rebuild'";
const waitingFor = (words: string) =>
  `pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${words}%' AND datname = current_database()`;
