import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import oneStop from '../../adapters/one-stop/adapter.ts';
import simulator, { SIMULATOR_TOKEN } from '../../adapters/one-stop/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { playCase } from '../../src/kit/testing/contract/wire-cases.ts';
import { type Fault, type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { testConnection } from '../../src/kit/testing/test-connection.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { lienthongHere, type Ran } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';
import { filesUnder } from '../support/source-files.ts';

const CANARIES = {
  name: 'Nguyễn Thị Hoàng Yến',
  identityNumber: '001199654321',
  phone: '0987654321',
  email: 'hoang.yen@canary.example.test',
  address: 'Số 12, tổ dân phố Thử Nghiệm 3',
};
const OTHERS = [
  'Ma Seo Phừ',
  '071234567',
  '0912 345 678',
  'tep.canary.example.test',
  'c2VjcmV0LWNhbmFyeQ',
  'Vàng A Tủa',
];

let hub: TestHub;
let partner: Simulator;
const folder = testFolder({});
beforeAll(async () => {
  partner = await startSimulator(simulator);
  const settings = { baseUrl: partner.url, token: SIMULATOR_TOKEN };
  hub = await testHub({
    nowMs: Date.now() - 3_600_000,
    partners: { back: { adapter: oneStop as Adapter, sent: [], script: [] } },
    entries: { back: { settings } },
    routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
      from: 'one-stop',
      operation,
      to: ['back'],
    })),
  });
  configure({ adapter: 'one-stop', settings });
});
afterAll(async () => {
  await hub.close();
  await partner.close();
  folder.remove();
});

const configure = (back: object): void =>
  writeFileSync(folder.configPath, JSON.stringify({ parties: { 'one-stop': { adapter: 'one-stop' }, back } }));

function makeCase(...args: readonly string[]): Promise<Ran> {
  const env = { DATABASE_URL: hub.databaseUrl, HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough' };
  return lienthongHere(['adapter', 'case', ...args], { ...env, HUB_CONFIG: folder.configPath }, folder.path);
}

/** Pushes a dossier while the partner misbehaves; returns the id of its delivery. */
async function told(record: Record<string, unknown>, ...faults: readonly Fault[]): Promise<string> {
  for (const fault of faults) await partner.fault(fault);
  hub.clock.nowMs += 1_000;
  await hub.push(record, { what: 'at' in record ? 'progress' : 'dossiers' });
  await hub.deliver();
  await partner.clearFaults();
  const { rows } = await hub.hub.database.pool.query('SELECT max(id) AS id FROM deliveries');
  return String(rows[0].id);
}

const filed = (code: string, more: object = {}) =>
  dossier({ code, applicant: { ...CANARIES, kind: 'citizen', identityKind: 'cccd' }, ...more });

/** Plays it as the adapter's own test does. */
const plays = (name: string): Promise<void> =>
  playCase(
    {
      folder: folder.path,
      adapter: oneStop as Adapter,
      connect: (url, means) => testConnection({ baseUrl: url, token: 'of the test' }, means),
    },
    expect,
    join(folder.path, name),
  );

const textOf = (name: string): string =>
  filesUnder(join(folder.path, name))
    .map((file) => readFileSync(join(folder.path, name, file), 'utf8'))
    .join('\n');

describe('lienthong adapter case', () => {
  test('a refused delivery becomes a case that plays, without people and secrets', async () => {
    const detail =
      `Hồ sơ của ${CANARIES.name.toUpperCase()} (${CANARIES.identityNumber}) trùng với hồ sơ của Vàng A Tủa, ` +
      'xem https://tep.canary.example.test/xem?token=c2VjcmV0LWNhbmFyeQ';
    const id = await told(
      filed('H60.01-250812-0471', {
        abstract: 'Cấp bản sao cho con là Ma Seo Phừ, CMND 071234567, gọi 0912 345 678',
        documents: [{ name: 'Tờ khai', url: 'https://tep.canary.example.test/001199654321.pdf' }],
      }),
      { kind: 'status', status: 422, body: { title: 'Không hợp lệ', detail } },
    );
    const { code, out, errors } = await makeCase(id, 'cases/refused', '--json');
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(filesUnder(join(folder.path, 'cases', 'refused'))).toEqual([
      'message.json',
      'outcome.json',
      'reply.http',
      'request.http',
    ]);
    const text = textOf('cases/refused');
    const canaries = [...Object.values(CANARIES), ...OTHERS, SIMULATOR_TOKEN, partner.url, '-0471'];
    const lower = text.toLowerCase();
    expect(canaries.filter((one) => lower.includes(one.toLowerCase()))).toEqual([]);
    expect(text).not.toMatch(/0912 ?345/);
    // The substance of the case remains.
    expect(text).toContain('PUT /dossiers/H60.01-250812-0001\n');
    expect(text).toMatch(/HTTP\/1.1 422 Unprocessable Entity\n\n.*"Không hợp lệ"/s);
    await plays('cases/refused');
    const document = JSON.parse(out);
    expect(document.replaced).toMatchObject({ phone: 2, 'e-mail': 1, address: 1, 'dossier code': 1 });
    expect(document.missing.join('\n')).toMatch(/headers: .*Retry-After/);
    expect(out).not.toContain(CANARIES.name);
    expect((await audited()).at(-1)).toEqual(['lienthong adapter case', 'body.read', `delivery ${id}`]);
  });

  test('a lost answer and the next attempt become two cases; a step includes its dossier', async () => {
    const id = await told(progress({ code: 'H60.01-250812-0471', actor: 'Vàng A Tủa' }));
    await makeCase(id, 'cases/step');
    expect(textOf('cases/step')).toMatch(/POST \/dossiers\/H60.01-250812-0001\/progress/);
    expect(textOf('cases/step')).not.toContain('Vàng A Tủa');
    await plays('cases/step');

    const lost = await told(filed('H60.01-250812-0472'), { kind: 'reset', times: 3 });
    hub.clock.nowMs += 60_000;
    await hub.deliver();
    const first = await makeCase(lost, 'cases/lost', '--attempt', '1');
    expect(first.out).toMatch(
      /call 1 broke: the hub made it three times if the adapter may repeat it, and stored it once/,
    );
    expect(JSON.parse(readFileSync(join(folder.path, 'cases/lost/outcome.json'), 'utf8'))).toEqual([
      { kind: 'unknown', reason: 'broken' },
    ]);
    expect((await makeCase(lost, 'cases/again')).code).toBe(0);
    expect(JSON.parse(readFileSync(join(folder.path, 'cases/again/message.json'), 'utf8')).items[0].doubt).toBe(true);
    await plays('cases/again');
  });

  test('a call that is not stored whole becomes no case, with the reason', async () => {
    const id = await told(filed('H60.01-250812-0473'), {
      kind: 'status',
      status: 422,
      body: { detail: 'x'.repeat(70_000) },
    });
    const { code, out } = await makeCase(id, 'cases/long');
    expect([code, out]).toEqual([
      1,
      'no case was written: the reply of call 1 of the attempt is stored in part only (it was too long)\n',
    ]);
    expect(existsSync(join(folder.path, 'cases', 'long'))).toBe(false);
  });

  test('a call that carried several deliveries becomes no case', async () => {
    const one = await told(filed('H60.01-250812-0474'));
    const other = await told(filed('H60.01-250812-0475'));
    await hub.hub.database.pool.query(
      'UPDATE attempts a SET at = b.at, took_ms = b.took_ms, wire = NULL FROM attempts b WHERE a.delivery_id = $1 AND b.delivery_id = $2',
      [other, one],
    );
    const settings = {
      adapterUrl: partner.url,
      username: 'hub',
      password: 'of the test',
      dstcode: 'x',
      madonvi: 'H60',
    };
    configure({ adapter: 'national-portal', settings });
    const { code, out } = await makeCase(one, 'cases/several');
    configure({ adapter: 'one-stop', settings: { baseUrl: partner.url, token: SIMULATOR_TOKEN } });
    expect(out).toBe(
      `no case was written: the call of the attempt carried deliveries ${other} too; a case holds one delivery only\n`,
    );
    expect([code, existsSync(join(folder.path, 'cases', 'several'))]).toEqual([1, false]);
  });

  test('an existing folder, a missing delivery and a missing attempt are wrong usage', async () => {
    mkdirSync(join(folder.path, 'taken'));
    for (const [args, says] of [
      [['1', 'taken'], /<folder>: taken is there already/],
      [['one', 'new'], /<delivery>: got "one"/],
      [['987654', 'new'], /there is no delivery 987654/],
      [['1', 'new', '--attempt', '9'], /delivery 1 has 1 attempts/],
    ] as const)
      expect(await makeCase(...args)).toMatchObject({ code: 2, errors: expect.stringMatching(says) });
    expect(filesUnder(join(folder.path, 'taken'))).toEqual([]);
    expect(existsSync(join(folder.path, 'new'))).toBe(false);
  });
});

async function audited(): Promise<readonly (readonly string[])[]> {
  const { rows } = await hub.hub.database.pool.query('SELECT actor, action, subject FROM audit ORDER BY id');
  return rows.map(({ actor, action, subject }) => [actor, action, subject]);
}
