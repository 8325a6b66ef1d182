import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HubFile } from '../../src/config/config.ts';
import { planTrouble } from '../../src/play/prove/plan-faults.ts';
import type { Report } from '../../src/play/prove/report.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'lienthong.mjs');
const WITHIN_MS = 900_000;

describe('lienthong prove', () => {
  /** The proof creates its files here. */
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lienthong-proof-'));
    chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test(
    'under load and kills: nothing lost, invented, overtaken or twice, and nothing left behind',
    async () => {
      // There are seven faults at most, and each comes once before one comes again.
      const options = ['--minutes', '5', '--kills', '7', '--seed', '2393', '--rate', '30'];
      const { code, report, errors } = await prove(folder, options).ended;
      expect({ ...report, on: undefined, failures: undefined }, errors).toMatchObject({
        ok: true,
        findings: [],
        unfinished: [],
        deaths: [],
        rebuild: { equal: true },
      });
      expect(code).toBe(0);
      expect(report.acknowledged).toBeGreaterThan(150);
      expect(report.retries).toBeGreaterThan(0);
      expect(Object.keys(report.trouble)).toEqual(
        expect.arrayContaining([
          'killed api',
          'killed worker-1',
          'killed worker-2',
          'killed PostgreSQL',
          ...doneToRedis(),
        ]),
      );
      expectNothingLeft(folder);
    },
    WITHIN_MS,
  );

  test(
    'with nodes cut off and killed, and a standby that takes over: the same, and the service is back within 15 s',
    async () => {
      // With this seed each of these faults is among the first five, whatever Redis there is.
      const options = ['--nodes', '3', '--standby', '--minutes', '5', '--kills', '6', '--seed', '334', '--rate', '30'];
      const { code, report, errors } = await prove(folder, options).ended;
      expect({ ...report, on: undefined, failures: undefined }, errors).toMatchObject({
        ok: true,
        findings: [],
        unfinished: [],
        deaths: [],
        rebuild: { equal: true },
      });
      expect(code).toBe(0);
      expect(report.acknowledged).toBeGreaterThan(100);
      expect(report.longestPauseSeconds).toBeGreaterThan(0);
      expect(report.longestPauseSeconds).toBeLessThanOrEqual(15);
      const faults = Object.keys(report.trouble).join('; ');
      expect(faults).toContain('killed the primary, promoted its standby');
      expect(faults).toMatch(/cut off node-[123]/);
      expect(faults).toMatch(/killed node-[123]/);
      expect(faults).toContain('killed the standby');
      expectNothingLeft(folder);
    },
    WITHIN_MS,
  );

  test(
    'a loss at the hub, and an invention or a duplicate at a partner, are found',
    async () => {
      const run = prove(folder, ['--minutes', '0.1', '--seed', '2', '--rate', '30']);
      await run.isUp;
      await inventTwice(folder);
      await loseOne(folder);
      const { code, report, errors } = await run.ended;
      expect(report, errors).toMatchObject({ ok: false, rebuild: { equal: false } });
      expect(report.lost).toBeGreaterThan(0);
      expect(report.invented).toBeGreaterThan(0);
      expect(report.duplicated).toBeGreaterThan(0);
      expect(code).toBe(1);
      expectNothingLeft(folder);
    },
    WITHIN_MS,
  );

  test(
    'killed itself, it leaves no process and no folder behind',
    async () => {
      const run = prove(folder, ['--minutes', '5', '--seed', '3']);
      await run.isUp;
      expect(processesOf(folder).length).toBeGreaterThanOrEqual(3);
      run.child.kill('SIGKILL');
      await expect.poll(() => [...processesOf(folder), ...readdirSync(folder)], { timeout: 30_000 }).toEqual([]);
    },
    WITHIN_MS,
  );

  test(
    'interrupted while it starts, it ends soon and leaves nothing behind',
    async () => {
      const run = prove(folder, ['--minutes', '5', '--seed', '3']);
      await new Promise((resolve) => run.child.stderr?.once('data', resolve));
      run.child.kill('SIGINT');
      const { code, errors } = await run.ended;
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('interrupted') });
      expectNothingLeft(folder);
    },
    WITHIN_MS,
  );

  test('equal seeds give equal faults, different seeds different ones, and soon all kinds', () => {
    const targets = {
      kills: ['api', 'worker'],
      canFlush: true,
      canFailOver: true,
      nodes: ['api'],
      partners: ['portal'],
    };
    const first = (seed: number) => {
      const { kills } = planTrouble(seed, targets);
      return Array.from({ length: 12 }, () => kills.next().value);
    };
    expect(first(7)).toEqual(first(7));
    expect(first(7)).not.toEqual(first(8));
    const kinds = first(7)
      .slice(0, 6)
      .map(({ trouble }) => `${trouble.kind} ${'target' in trouble ? trouble.target : ''}`);
    expect(new Set(kinds).size).toBe(6);
  });
});

/** Its own server is killed too; a database of a foreign server is only flushed; without either there is none. */
function doneToRedis(): readonly string[] {
  if (spawnSync('redis-server', ['--version']).status === 0) return ['killed Redis', 'flushed Redis'];
  return process.env.REDIS_URL ? ['flushed Redis'] : [];
}

const children: ChildProcess[] = [];

interface Proof {
  readonly child: ChildProcess;
  /** The processes of the hub are up. */
  readonly isUp: Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly report: Report; readonly errors: string }>;
}

/** Always on its own server, which it may kill. */
function prove(folder: string, options: readonly string[]): Proof {
  const { DATABASE_URL: _database, HUB_CONFIG: _config, HUB_SECRET: _secret, ...env } = process.env;
  const child = spawn(process.execPath, [COMMAND, 'prove', '--json', ...options], {
    env: { ...env, HUB_DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const texts = { out: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    texts.out += chunk;
  });
  const isUp = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      texts.errors += chunk;
      if (texts.errors.includes('are up')) resolve();
    });
    child.once('close', () => reject(new Error(`it ended before it was up: ${texts.errors}`)));
  });
  isUp.catch(() => undefined);
  const ended: Proof['ended'] = new Promise((resolve) =>
    child.once('close', (code) => resolve({ code, report: JSON.parse(texts.out || '{}'), errors: texts.errors })),
  );
  return { child, isUp, ended };
}

function runFolder(folder: string): string {
  return join(folder, readdirSync(folder).find((name) => name.startsWith('lienthong-prove-')) as string);
}

/** A dossier that the hub never got, sent to the portal twice. */
async function inventTwice(folder: string): Promise<void> {
  const { parties } = JSON.parse(readFileSync(join(runFolder(folder), 'hub.config.json'), 'utf8')) as HubFile;
  const settings = parties?.['national-portal']?.settings as { adapterUrl: string };
  const post = async (path: string, body: object) => {
    const headers = { 'Content-Type': 'application/json', dstcode: 'VN' };
    const reply = await fetch(settings.adapterUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await reply.json()) as { session?: string; error_code?: number };
  };
  const texts = ['MaTTHC', 'TenTTHC', 'MaLinhVuc', 'TenLinhVuc', 'TrichYeuHoSo', 'DonViXuLy', 'Email', 'SoDienThoai'];
  const data = {
    MaHoSo: 'H60.01-250812-9999',
    TrangThaiHoSo: '2',
    LoaiDoiTuong: '1',
    HinhThuc: '0',
    NgayTiepNhan: '20250812080000',
    NgayHenTra: '',
    ...Object.fromEntries(texts.map((field) => [field, 'x'])),
  };
  await expect
    .poll(
      async () => {
        const { session } = await post('/mapi/login', { username: 'a', password: 'b' }).catch(
          () => ({}) as { session?: string },
        );
        const call = { session, madonvi: 'H60', service: 'DongBoHoSoMC', data: [data] };
        const [first, again] = [
          await post('/mapi/g', { ...call, isUpdating: 'False' }).catch(() => undefined),
          await post('/mapi/g', { ...call, isUpdating: 'True' }).catch(() => undefined),
        ];
        return [first !== undefined, again?.error_code];
      },
      { timeout: 60_000 },
    )
    .toEqual([true, 0]);
}

/** Removes one event of a finished dossier. */
async function loseOne(folder: string): Promise<void> {
  const dataDir = join(runFolder(folder), 'postgres');
  await expect
    .poll(
      async () => {
        const port = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[3];
        const password = readFileSync(`${dataDir}.password`, 'utf8').trim();
        const client = new pg.Client(`postgres://lienthong:${password}@127.0.0.1:${port}/lienthong`);
        client.on('error', () => undefined);
        try {
          await client.connect();
          const gone = await client.query(
            `DELETE FROM events WHERE (code, seq) = (SELECT d.code, e.seq FROM dossiers d JOIN events e USING (code)
               WHERE d.status = 'returned' AND e.kind = 'progress' LIMIT 1)`,
          );
          return gone.rowCount;
        } catch {
          return 0;
        } finally {
          await client.end().catch(() => undefined);
        }
      },
      { timeout: 60_000 },
    )
    .toBe(1);
}

function expectNothingLeft(folder: string): void {
  expect(readdirSync(folder)).toEqual([]);
  expect(processesOf(folder)).toEqual([]);
}

/** Processes with this folder in their settings or arguments; Linux shows them. */
function processesOf(folder: string): readonly string[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(folder));
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}
