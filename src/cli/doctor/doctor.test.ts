import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../database/pool.ts';
import { checkBackup } from './check-backup.ts';
import { checkCalendar } from './check-calendar.ts';
import { buffersFinding, clockFinding, standbyFinding } from './check-database.ts';
import { checkDisks, diskFinding } from './check-disk.ts';
import { certificateFinding, checkPartners } from './check-partners.ts';
import { checkQueue, readInfo } from './check-queue.ts';
import { lagFinding } from './check-replicas.ts';
import { checkSecrets } from './check-secrets.ts';
import { unreachable } from './doctor.ts';

const NOW = Date.parse('2025-08-12T08:00:00+07:00');
const GIB = 1024 ** 3;

describe('the doctor', () => {
  test.each([
    [0.2, 'ok'],
    [-1.5, 'warn'],
    [29, 'warn'],
    [-31, 'fail'],
  ])('clocks that differ by %d s: %s', (seconds, level) => {
    expect(clockFinding(seconds)).toMatchObject({
      level,
      found: expect.stringContaining(Math.abs(seconds).toFixed(1)),
    });
  });

  test.each([
    [undefined, 'info', /has written no backup/],
    ['2025-08-11T03:00:00+07:00', 'ok', /29 h old/],
    ['2025-08-11T01:00:00+07:00', 'warn', /31 h old, of 2025-08-11T01:00:00\+07:00/],
  ])('a newest backup of %s: %s', async (at, level, found) => {
    const answers = [[{ there: true }], [{ at: at ?? null }]];
    const database = { pool: { query: async () => ({ rows: answers.shift() }) } } as unknown as Database;
    expect(await checkBackup(database, NOW)).toMatchObject([{ level, found: expect.stringMatching(found) }]);
  });

  test.each([
    ['', 'on', 'warn', /^synchronous_standby_names is empty: when a standby takes over/],
    ['second', 'on', 'ok', /^commits wait for a standby/],
    ['ANY 1 (second, third)', 'on', 'warn', /do not wait for all of them: when a standby takes over/],
    ['second', 'remote_apply', 'ok', /^commits wait for a standby/],
    ['second', 'remote_write', 'warn', /^synchronous_commit is remote_write: when a standby takes over/],
    ['second', 'local', 'warn', /^synchronous_commit is local: when a standby takes over/],
  ])('the standbys %j with synchronous_commit = %s: %s', (standbys, commit, level, found) => {
    const settings = { synchronous_standby_names: standbys, synchronous_commit: commit };
    expect(standbyFinding(settings)).toMatchObject({ level, found: expect.stringMatching(found) });
  });

  test('few buffers for a large database are a warning, with where to read on', () => {
    const few = { bytes: 5 * GIB, size: '5120 MB', bufferBytes: GIB / 8, buffers: '128MB' };
    const found = 'shared_buffers is 128MB, and the database takes 5120 MB';
    expect(buffersFinding(few)).toMatchObject([
      { level: 'warn', found, advice: expect.stringContaining('docs/operate/scale.md') },
    ]);
    expect([buffersFinding({ ...few, bytes: 3 * GIB }), buffersFinding({ ...few, bufferBytes: GIB })]).toEqual([
      [],
      [],
    ]);
  });

  test.each([
    [{ isStandby: true, behindS: 0 }, 'ok', 'db-2/hub is 0.0 s behind'],
    [{ isStandby: true, behindS: 95.2 }, 'warn', 'db-2/hub is 95 s behind, and reads go there up to 10 s'],
    [{ isStandby: true, behindS: null }, 'warn', 'db-2/hub is an unknown time behind'],
    [{ isStandby: false, behindS: 0 }, 'warn', 'db-2/hub takes writes'],
  ])('a replica that is %o: %s', (stand, level, says) => {
    expect(lagFinding('db-2/hub', stand, 10)).toMatchObject({ level, found: expect.stringContaining(says) });
  });

  test.each([
    [50, 100, 'make room', 'ok'],
    [4, 100, 'make room', 'warn'],
    [50, 1_000, 'make room', 'warn'],
    [0.5, 100, 'make room', 'fail'],
    [0.5, 100, undefined, 'warn'],
  ])('%d GiB free of %d, with data that grows there (%s): %s', (free, all, advice, level) => {
    expect(diskFinding('/data', free * GIB, all * GIB, advice).level).toBe(level);
  });

  test('a full disk fails where the hub stores files, also beside a database elsewhere', async () => {
    const full = { bavail: 0, blocks: 100, bsize: GIB };
    const statfs = vi.spyOn(fs, 'statfs').mockResolvedValue(full as never);
    const asked = (file: Config['file']) =>
      checkDisks({ databaseUrl: 'postgres://db.example/hub', dataDir: '/', file });
    const found = [await asked({}), await asked({ files: { scan: false } })].flat();
    statfs.mockRestore();
    expect(found).toMatchObject([
      { level: 'warn', found: '0.0 GiB free of 100.0 at /' },
      { level: 'fail', advice: expect.stringContaining('make room') },
    ]);
  });

  test('looks at the disk of the embedded database where its files are in another folder', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-doctor-'));
    try {
      const places = async (databaseUrl?: string) =>
        (await checkDisks({ databaseUrl, dataDir, file: {} })).map(({ found }) => found.split(' at ')[1]);
      expect([await places('postgres://db.example/hub'), await places()]).toEqual([[dataDir], [dataDir]]);
      writeFileSync(join(dataDir, 'postgres.place'), '/dev/none-of-ours');
      expect(await places()).toEqual([dataDir, '/dev']);
      expect(await places('postgres://db.example/hub')).toEqual([dataDir]);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  test.each([
    ['Oct 12 00:00:00 2025 GMT', undefined, 'ok', undefined],
    ['Sep  1 00:00:00 2025 GMT', undefined, 'warn', /in time/],
    ['Aug 25 00:00:00 2025 GMT', undefined, 'warn', /this week/],
    ['Aug 15 00:00:00 2025 GMT', undefined, 'warn', /at once/],
    ['Aug 11 00:00:00 2025 GMT', undefined, 'fail', /renew/],
    ['Oct 12 00:00:00 2025 GMT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'fail', /right host/],
  ])('a certificate valid until %s (%s): %s', (validTo, error, level, advice) => {
    const finding = certificateFinding('portal', { validTo, error }, NOW);
    expect(finding.level).toBe(level);
    if (advice) expect(finding.advice).toMatch(advice);
  });

  test.each([
    ['2026-10-31T23:59:59+07:00', {}, 'ok', /working days of 2026 are known/],
    ['2026-11-01T00:00:00+07:00', {}, 'warn', /of 2027 only the holidays on fixed dates/],
    ['2026-11-01T00:00:00+07:00', { daysOff: ['2027-02-05'] }, 'ok', /2026 and 2027/],
    ['2027-12-01T00:00:00+07:00', {}, 'warn', /of 2027 and 2028 only/],
  ])('working days at %s with %j: %s', (now, days, level, says) => {
    const province = { code: 'H60', name: 'Tỉnh Tuyên Quang', ...days };
    const found = checkCalendar({ province }, Date.parse(now));
    expect(found).toMatchObject({ level, found: expect.stringMatching(says) });
    expect(found.advice ?? '').toMatch(level === 'warn' ? /province\.daysOff and province\.workdays/ : /^$/);
  });

  test('reports a Redis that may drop notifications, and how it persists', () => {
    const levels = (text: string) => readInfo(text).map(({ level }) => level);
    expect(levels('redis_version:7.2\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\naof_enabled:0\r\n')).toEqual([
      'ok',
      'ok',
      'info',
    ]);
    expect(levels('redis_version:7.2\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n')).toEqual([
      'ok',
      'warn',
      'info',
    ]);
  });

  test('fails with the reason when Redis does not answer', async () => {
    expect(await checkQueue('redis://127.0.0.1:1')).toMatchObject([
      { level: 'fail', found: expect.stringContaining('ECONNREFUSED') },
    ]);
  });

  test.each([
    ['28P01', /the user or the password/],
    ['3D000', /create the database/],
    ['53300', /raise max_connections/],
    ['57P03', /wait until PostgreSQL has started/],
    ['25006', /promote a standby/],
    ['EACCES', /as the user of the hub/],
    ['OTHERS_FILE', /that command as root/],
    ['ENOSPC', /make room/],
    ['ECONNREFUSED', /start PostgreSQL/],
  ])('a database that cannot be reached (%s) gets its own advice', (code, advice) => {
    expect(unreachable(code)).toMatch(advice);
  });

  test('names guessable secrets of partners by their place, and shows none', () => {
    const parties = {
      portal: {
        adapter: 'x',
        settings: { username: 'admin', password: '12345678', deep: { apiKey: 'h7Qz0-xPq2-long' } },
      },
      reader: { adapter: 'x', settings: { secrets: ['h7Qz0-xPq2-long', 'change-me-2025'] } },
      // Names of a source and of a place in the answer.
      ministry: { adapter: 'x', settings: { session: { request: { password: 'password' }, token: 'token' } } },
    };
    const found = checkSecrets({
      file: { parties },
      databaseUrl: 'postgres://hub:changeme@db/hub',
    } as unknown as Config);
    expect(found.map(({ level, found: text }) => `${level} ${text.split(':')[0]}`)).toEqual([
      'warn /parties/portal/settings/password',
      'warn /parties/reader/settings/secrets/1',
      'warn DATABASE_URL',
    ]);
    expect(JSON.stringify(found)).not.toMatch(/12345678|changeme|h7Qz0/);
  });

  test('tells partners that answer from those that do not', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const open = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/path`;
    const parties = {
      a: { adapter: 'x', settings: { url: open } },
      b: { adapter: 'x', settings: { url: 'http://127.0.0.1:1/' } },
      // Nobody is called at these.
      c: { adapter: 'x', settings: { soapAction: 'http://127.0.0.1:1/Put', returnUrl: 'http://127.0.0.1:1/back' } },
    };
    const found = await checkPartners({ parties }, () => NOW);
    server.close();
    expect(found.map(({ level }) => level)).toEqual(['ok', 'fail']);
    expect(found[1]?.found).toMatch(/^b: http:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/);
  });

  test.skipIf(spawnSync('openssl', ['version']).status !== 0)(
    'reports a certificate that no authority signed (skipped without openssl)',
    async () => {
      const { key, cert } = selfSigned();
      const server = tls.createServer({ key, cert }).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const url = `https://localhost:${(server.address() as net.AddressInfo).port}`;
      const found = await checkPartners({ parties: { a: { adapter: 'x', settings: { url } } } }, Date.now);
      server.close();
      expect(found).toMatchObject([
        { level: 'ok' },
        { level: 'fail', found: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') },
      ]);
    },
  );
});

function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '60',
    '-subj',
    '/CN=localhost',
  ]);
  const made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return made;
}
