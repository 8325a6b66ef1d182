import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeXlsx } from 'hucre/xlsx';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import adapter from '../../adapters/file-drop/adapter.ts';
import settings from '../../adapters/file-drop/parties/water-permits.json' with { type: 'json' };
import type { Adapter } from '../../src/kit/adapter.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import type { Party } from '../../src/parties/party.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { type Cell, HEAD, rowOf } from '../support/water-permits.ts';

describe('a party that leaves files in a folder', () => {
  let hub: TestHub;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'file-drop-'));
    hub = await testHub({
      partners: { water: { sent: [], script: [], adapter: adapter as Adapter } },
      entries: { water: { settings: { ...settings, place: { kind: 'folder', path: folder } } } },
    });
  });
  afterEach(async () => {
    await hub.close();
    await rm(folder, { recursive: true });
  });

  const look = async (): Promise<void> => {
    await makePullsDue(hub.hub.database, 'water', ['dossiers'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('water', 'dossiers');
    const { last_error } = await hub.hub.database.query
      .selectFrom('pulls')
      .select('last_error')
      .where('party', '=', 'water')
      .executeTakeFirstOrThrow();
    expect(last_error).toBeNull();
  };
  const drop = async (name: string, rows: Cell[][], sheet = 'Tháng 8'): Promise<void> =>
    writeFile(join(folder, name), await writeXlsx({ sheets: [{ name: sheet, rows }] }));
  const wait = (seconds: number): void => {
    hub.clock.nowMs += seconds * 1000;
  };
  const taken = async (): Promise<void> => {
    await look();
    wait(30);
    await look();
  };
  const reportIn = async (place: string): Promise<string[]> => {
    const [report] = (await readdir(join(folder, place))).filter((name) => name.endsWith('.report.csv'));
    return (await readFile(join(folder, place, report ?? ''), 'utf8')).split('\r\n');
  };

  test('a workbook with a title, totals and signatures becomes dossiers, and its report counts them', async () => {
    await drop('ho-so.xlsx', [
      ['DANH SÁCH HỒ SƠ THÁNG 8'],
      [],
      HEAD,
      rowOf(11),
      rowOf(12, { 'Ngày tiếp nhận': '12/8/2025' }),
      ['Tổng cộng', null, null, null, null, null, null, null, null, null, null, 2_400_000],
      [null, null, 'Người lập biểu'],
    ]);
    await taken();
    expect((await hub.read('/api/v1/dossiers/H60.09-250812-0011', 'personal')).body).toMatchObject({
      applicant: { name: 'Nguyễn Văn An', identityNumber: '001099123456' },
      receivedAt: '2025-08-12T08:15:00+07:00',
      dueAt: '2025-08-22T00:00:00+07:00',
      status: 'received',
      fees: [{ amountVnd: 1_200_000 }],
    });
    const report = await reportIn('done');
    expect(report).toEqual(expect.arrayContaining(['Kết quả;Đã nhận', 'Số dòng đọc được;2', 'Mới;2']));
    expect(report.join('\n')).toContain('Tháng 8 6, Tháng 8 7');
    expect(await readdir(folder)).toEqual(['done', 'taking']);
    expect(await listed()).toMatchObject([{ place: 'folder', outcome: 'taken', counts: { new: 2, invalid: 0 } }]);
  });

  test('a file that is still being written is not taken, and the same file again changes nothing', async () => {
    await drop('a.xlsx', [HEAD, rowOf(11)]);
    await look();
    wait(20);
    await drop('a.xlsx', [HEAD, rowOf(11), rowOf(12)]);
    await look();
    wait(20);
    await look();
    expect(await readdir(folder)).toEqual(['a.xlsx']);
    wait(20);
    await look();
    expect((await hub.read('/api/v1/dossiers/H60.09-250812-0012', 'personal')).status).toBe(200);
    const before = await messages();
    wait(3_600);
    const [stored] = (await readdir(join(folder, 'done'))).filter((name) => name.endsWith('.xlsx'));
    await copyFile(join(folder, 'done', stored ?? ''), join(folder, 'b.xlsx'));
    await taken();
    expect(await messages()).toBe(before);
    const reports = (await readdir(join(folder, 'done'))).filter((name) => name.endsWith('.csv'));
    expect(await readFile(join(folder, 'done', reports[1] ?? ''), 'utf8')).toContain('trùng một tệp đã nhận');
    expect(await listed()).toMatchObject([{ outcome: 'taken' }, { outcome: 'repeat' }]);
  });

  test('the next month changes what changed, and names the cells of rows that it cannot take', async () => {
    await drop('8.xlsx', [HEAD, rowOf(11), rowOf(12)]);
    await taken();
    wait(3_600);
    await drop('9.xlsx', [
      HEAD,
      rowOf(11, { 'Trạng thái': 'Đã có kết quả', 'Ngày cập nhật': '20/08/2025 10:00' }),
      rowOf(12),
      rowOf(13, { 'Số CCCD': 1099123456 }),
      rowOf(14, { 'Trạng thái': 'Đang thẩm định' }),
      rowOf(15, { 'Ngày cập nhật': '31/02/2025' }),
      rowOf(11, { 'Ngày cập nhật': '10/08/2025', 'Trạng thái': 'Mới nộp' }),
    ]);
    await taken();
    const [, second] = (await readdir(join(folder, 'done'))).filter((name) => name.endsWith('.csv'));
    const report = await readFile(join(folder, 'done', second ?? ''), 'utf8');
    for (const line of [
      'Mới;0',
      'Cập nhật;1',
      'Không đổi;1',
      'Cũ hơn dữ liệu đang có;1',
      'Chờ xử lý;1',
      'Không hợp lệ;2',
    ])
      expect(report.split('\r\n')).toContain(line);
    expect(report).toMatch(/Tháng 8;E4;H60.09-250812-0013;Không hợp lệ;.*mất số 0 ở đầu/);
    expect(report).toMatch(/Tháng 8;J5;H60.09-250812-0014;Chờ xử lý;/);
    expect(report).toMatch(/Tháng 8;K6;H60.09-250812-0015;Không hợp lệ;/);
  });

  test('after a kill between any two steps a file is stored once, and its report is whole', async () => {
    await mkdir(join(folder, 'taking/dossiers'), { recursive: true });
    // Moved, and not stored.
    await drop('taking/dossiers/a.xlsx', [HEAD, rowOf(11)]);
    await look();
    expect(await messages()).toBe(2);
    // Stored, and the report cannot be written.
    await drop('b.xlsx', [HEAD, rowOf(12), rowOf(13)]);
    await look();
    wait(30);
    await rename(join(folder, 'done'), join(folder, 'before'));
    await writeFile(join(folder, 'done'), '');
    await expect(look()).rejects.toThrow('expected');
    expect(await messages()).toBe(4);
    await rm(join(folder, 'done'));
    await look();
    expect(await messages()).toBe(4);
    expect(await reportIn('done')).toContain('Mới;2');
    expect(await readdir(join(folder, 'taking/dossiers'))).toEqual([]);
    expect(await listed()).toMatchObject([{ counts: { new: 1 } }, { counts: { new: 2 } }]);
  });

  test('after a kill behind its report, the same file again has one report', async () => {
    await drop('a.xlsx', [HEAD, rowOf(11)]);
    await taken();
    const [stored] = (await readdir(join(folder, 'done'))).filter((name) => name.endsWith('.xlsx'));
    await copyFile(join(folder, 'done', stored ?? ''), join(folder, 'b.xlsx'));
    const { places } = (hub.hub.parties.get('water') as Party).connect();
    const within = places.within.bind(places);
    const killing = vi.spyOn(places, 'within').mockImplementation((place, work) =>
      within(place, (open) =>
        work({
          ...open,
          write: async (path, bytes) => {
            await open.write(path, bytes);
            throw new Error('killed');
          },
        }),
      ),
    );
    await look();
    wait(30);
    await expect(look()).rejects.toThrow('killed');
    killing.mockRestore();
    wait(60);
    await look();
    const done = await readdir(join(folder, 'done'));
    expect(done.filter((name) => name.endsWith('.report.csv'))).toHaveLength(2);
    expect(await listed()).toMatchObject([{ outcome: 'taken' }, { outcome: 'repeat' }]);
  });

  /** Counts reads of the place. `before` runs before a page is requested, by its number. */
  function watchPlace(before: Readonly<Record<number, () => Promise<void>>> = {}): { readonly reads: string[] } {
    const reads: string[] = [];
    let pages = 0;
    const { places } = (hub.hub.parties.get('water') as Party).connect();
    const within = places.within.bind(places);
    vi.spyOn(places, 'within').mockImplementation(async (place, work) => {
      await before[++pages]?.();
      return within(place, (open) =>
        work({
          ...open,
          read: (path, mostBytes) => {
            reads.push(path);
            return open.read(path, mostBytes);
          },
        }),
      );
    });
    return { reads };
  }

  test('a file of 3 GiB is refused unread with a report, and the next file is taken', async () => {
    const GIB = 1024 ** 3;
    await writeFile(join(folder, 'a.csv'), '');
    await truncate(join(folder, 'a.csv'), 3 * GIB);
    await drop('b.xlsx', [HEAD, rowOf(11)]);
    const { reads } = watchPlace();
    await taken();
    expect(reads).toEqual(['taking/dossiers/b.xlsx']);
    const report = await reportIn('refused');
    expect(report).toContain('Kết quả;Bị từ chối, không dòng nào được nhận');
    expect(report.join('\n')).toContain('lớn hơn 10 MiB');
    expect((await readdir(join(folder, 'refused'))).filter((name) => name.endsWith('a.csv'))).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['done', 'refused', 'taking']);
    expect(await listed()).toMatchObject([{ outcome: 'refused' }, { outcome: 'taken', counts: { new: 1 } }]);
  });

  describe('whose file has many parts', () => {
    const CODE = (n: number): string => `H60.09-250812-${String(n).padStart(4, '0')}`;
    const rows = (count: number) => Array.from({ length: count }, (_, n) => rowOf(n, { 'Mã hồ sơ': CODE(n + 1) }));

    test('reads it once', async () => {
      await drop('a.xlsx', [HEAD, ...rows(1_100)]);
      await look();
      wait(30);
      const { reads } = watchPlace();
      await look();
      expect(reads).toEqual(['taking/dossiers/a.xlsx']);
      expect(await listed()).toMatchObject([{ outcome: 'taken', counts: { new: 1_100 } }]);
      await drop('b.xlsx', [HEAD, ...rows(1_101)]);
      await taken();
      expect(reads).toEqual(['taking/dossiers/a.xlsx', 'taking/dossiers/b.xlsx']);
      expect((await listed())[1]).toMatchObject({ outcome: 'taken', counts: { new: 1, same: 1_100 } });
    });

    test('loses no row that the database refuses for a while, and repeats no other', async () => {
      const { pool } = hub.hub.database;
      await pool.query(`ALTER TABLE dossiers ADD CONSTRAINT refuse CHECK (code <> '${CODE(60)}')`);
      await drop('a.xlsx', [HEAD, ...rows(150)]);
      const tryAgain = async () => {
        await makePullsDue(hub.hub.database, 'water', ['dossiers'], hub.clock.nowMs);
        await hub.hub.pipeline.pull('water', 'dossiers');
      };
      await look();
      wait(30);
      await tryAgain();
      for (let n = 0; n < 3; n++) await tryAgain();
      expect(await readdir(join(folder, 'taking/dossiers'))).toEqual(['a.xlsx']);
      await pool.query('ALTER TABLE dossiers DROP CONSTRAINT refuse');
      await look();
      expect((await hub.read(`/api/v1/dossiers/${CODE(60)}`)).status).toBe(200);
      expect(await reportIn('done')).toEqual(expect.arrayContaining(['Kết quả;Đã nhận', 'Mới;150']));
      expect(await listed()).toMatchObject([{ outcome: 'taken', counts: { new: 150 } }]);
      const stored = await pool.query('SELECT sum(json_array_length(results))::int4 AS items FROM messages');
      expect(stored.rows).toEqual([{ items: 150 }]);
    });

    test('reads a replaced file again, from its first row', async () => {
      await drop('a.xlsx', [HEAD, ...rows(1_100)]);
      await look();
      wait(30);
      const replace = () => drop('taking/dossiers/a.xlsx', [HEAD, ...rows(1_150)]);
      const { reads } = watchPlace({ 2: replace });
      await look();
      expect(reads).toHaveLength(2);
      expect(await listed()).toMatchObject([{ outcome: 'taken', counts: { new: 200, same: 950 } }]);
    });
  });

  const listed = () => hub.hub.database.query.selectFrom('dropped_files').selectAll().orderBy('id').execute();
  const messages = async (): Promise<number> =>
    (await hub.hub.database.query.selectFrom('messages').select('id').execute()).length;
});
