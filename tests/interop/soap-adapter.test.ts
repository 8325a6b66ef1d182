import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Item, type Outgoing, type Page, type Puller, readItem, type Sender } from '#kit';
import type { TestConnection } from '#kit/testing';
import adapter from '../../adapters/soap-ministry/adapter.ts';
import type { Settings } from '../../adapters/soap-ministry/settings.ts';
import { connectTo } from '../../adapters/soap-ministry/simulator/connect.ts';

const php = phpWithSoap();

/** Why there is no PHP SOAP server here, or undefined. */
function phpWithSoap(): string | undefined {
  try {
    const modules = execFileSync('php', ['-m'], { encoding: 'utf8' });
    return /^soap$/m.test(modules) ? undefined : 'php has no soap extension (php-soap)';
  } catch {
    return 'there is no php (php-cli, php-soap)';
  }
}

/** A third-party server: PHP's SoapServer, with a WSDL in the style of JAX-WS. */
describe.skipIf(php !== undefined)(`the adapter and PHP's SoapServer${php ? ` (skipped: ${php})` : ''}`, () => {
  let child: ChildProcess;
  let url: string;
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-php-'));
  const kept = join(folder, 'rows.json');

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    child = spawn('php', ['-S', `127.0.0.1:${port}`, join(import.meta.dirname, 'ministry.php')], {
      env: { ...process.env, MINISTRY_FILE: kept },
      stdio: 'ignore',
    });
    for (let tries = 0; tries < 100; tries++) {
      if (
        await fetch(`${url}/1.1`).then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(100);
    }
    throw new Error('php does not listen');
  }, 20_000);
  beforeEach(() => writeFileSync(kept, '{}'));
  afterAll(() => {
    child?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(['1.1', '1.2'] as const)('SOAP %s', (version) => {
    test('sends a dossier with Vietnamese text, zeros and amounts, and reads it back unchanged', async () => {
      const connection = connect(url, version, folder);
      expect(await send(connection, dossier(1))).toEqual([{ kind: 'delivered' }]);
      const [row] = Object.values(rowsIn(kept));
      expect(row).toMatchObject({
        maHoSo: 'H60.01-250812-0001',
        tenThuTuc: 'Cấp đổi giấy phép lái xe <hạng B> & "quốc tế"',
        nguoiNop: { hoTen: 'Nguyễn Thị Hường', cccd: '001099000001' },
      });
      expect(await pulled(connection)).toEqual([
        expect.objectContaining({
          code: 'H60.01-250812-0001',
          status: 'received',
          statusAt: '2025-08-12T08:15:00+07:00',
          serviceName: 'Cấp đổi giấy phép lái xe <hạng B> & "quốc tế"',
          applicant: expect.objectContaining({ name: 'Nguyễn Thị Hường', identityNumber: '001099000001' }),
          fees: [{ name: 'Lệ phí', amountVnd: 135_000 }],
        }),
      ]);
      connection.close();
    });

    test.each([0, 1, 3])('reads %i dossiers with none, one and two fees', async (count) => {
      const connection = connect(url, version, folder);
      for (let number = 1; number <= count; number++) await send(connection, dossier(number, number - 1));
      const found = await pulled(connection);
      expect(found.map(({ fees = [] }) => fees.length)).toEqual([0, 1, 2].slice(0, count));
      connection.close();
    });

    test('resolves a doubt', async () => {
      const connection = connect(url, version, folder);
      expect(await send(connection, { ...dossier(1), doubt: true })).toEqual([{ kind: 'delivered' }]);
      expect(await send(connection, { ...dossier(1), doubt: true })).toEqual([
        { kind: 'delivered', reference: 'already-there' },
      ]);
      connection.close();
    });

    test('reports faults by code, reason and detail', async () => {
      const connection = connect(url, version, folder);
      const [ours] = await send(connection, dossier(400));
      expect(ours).toMatchObject({
        kind: 'refused',
        reason: 'fault-client',
        message: expect.stringContaining('Thiếu mã thủ tục'),
      });
      expect((ours as { message: string }).message).toContain('ma: 012');
      expect(await send(connection, dossier(500))).toMatchObject([
        { kind: 'unknown', reason: 'fault-server', message: expect.stringContaining('Cơ sở dữ liệu đang bận') },
      ]);
      connection.close();
    });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** The example party, without its token, which PHP does not know; its WSDL for the given version. */
function connect(url: string, version: '1.1' | '1.2', folder: string): TestConnection {
  const text = readFileSync('adapters/soap-ministry/parties/transport.wsdl', 'utf8');
  const wsdl = join(folder, `${version}.wsdl`);
  writeFileSync(wsdl, version === '1.2' ? text : text.replaceAll('/wsdl/soap12/', '/wsdl/soap/'));
  return connectTo('transport')(url, {
    totalMs: 10_000,
    settings: { security: null, soapVersion: version, wsdl, endpoint: `${url}/${version}`, soapAction: 'wsdl' },
  });
}

function dossier(number: number, fees = 1): Outgoing<'dossier.upsert.v1'> {
  const read = readItem('dossier.upsert.v1', {
    code: `H60.01-250812-${String(number).padStart(4, '0')}`,
    serviceCode: '1.001994',
    agencyCode: 'H60.01',
    serviceName: 'Cấp đổi giấy phép lái xe <hạng B> & "quốc tế"',
    status: 'received',
    statusAt: '2025-08-12T08:15:00+07:00',
    applicant: { kind: 'citizen', name: 'Nguyễn Thị Hường', identityKind: 'cccd', identityNumber: '001099000001' },
    fees: Array.from({ length: fees }, () => ({ name: 'Lệ phí', amountVnd: 135_000 })),
  });
  if (read.kind !== 'record') throw new Error(JSON.stringify(read.problems));
  const record = read.record as Outgoing<'dossier.upsert.v1'>['record'];
  return {
    id: `${number}`,
    operation: 'dossier.upsert.v1',
    code: record.code,
    record,
    dossier: record,
    doubt: false,
    known: false,
  };
}

function send(connection: TestConnection, item: Outgoing<'dossier.upsert.v1'>) {
  const sender = adapter.send?.['dossier.upsert.v1'] as Sender<unknown, 'dossier.upsert.v1'>;
  return sender.send(connection, [item]);
}

/** All dossiers that the ministry has. */
async function pulled(connection: TestConnection): Promise<readonly { readonly fees?: readonly object[] }[]> {
  const puller = adapter.pull?.dossiers as Puller<Settings>;
  const items: Item[] = [];
  let [at, more] = [undefined as unknown, true];
  while (more) {
    const page = (await puller.next(connection as never, at, undefined as never)) as Page;
    expect(page).not.toHaveProperty('kind');
    for (const { body } of page.bodies)
      items.push(...puller.read(body, connection.settings as Settings, connection.codes));
    [at, more] = [page.checkpoint, page.more];
  }
  expect(items.filter(({ kind }) => kind !== 'record')).toEqual([]);
  return items.map((item) => (item as { record: { fees?: object[] } }).record);
}

function rowsIn(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}
