import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import type { Kind } from '#core/records/kind';
import subscriber from '../../adapters/webhook-subscriber/adapter.ts';
import { SIMULATOR_SECRET } from '../../adapters/webhook-subscriber/simulator.ts';
import { Progress } from '../../schemas/dossier.progress.v1.ts';
import { Dossier } from '../../schemas/dossier.upsert.v1.ts';
import type { KeyEntry } from '../../src/config/config.ts';
import { openCopy } from '../../src/copy/copy.ts';
import { maskStale } from '../../src/index/mask-again.ts';
import { ALL_KINDS } from '../../src/kinds/all-kinds.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import type { Outgoing } from '../../src/kit/sender.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { canariesIn, PERSON, SPELLINGS } from '../support/canaries.ts';
import { inDepth, partOf, sampled as test, test as unsampled } from '../support/depth.ts';
import { dumpOf } from '../support/dump.ts';
import { dossier, HUB_SECRET, progress, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { SAMPLES } from '../support/kinds.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { lienthongHere } from '../support/lienthong.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';
import { MORNING } from '../support/template.ts';

/** All scopes to read except those for personal data and bodies. */
const READER: KeyEntry = {
  id: 'reader',
  secret: 'reader-secret-of-the-tests',
  scopes: ['index:read', 'catalogue:read', 'ops:read', 'register:ask'],
};
const KEYS = [...OPERATOR_KEYS, READER];
const REPORTS = ['ii06a', 'online-services', 'questions', 'connections', 'incidents', 'availability', 'fields'];
/** One number of each report with a list of records. */
const NUMBERS = {
  ...{ 'online-services': 'received', questions: 'question.pending', connections: 'deliveries' },
  ...{ incidents: 'delayed', availability: 'runs' },
};
const DRILL_DOWN = 'from=2025-08-01&to=2025-08-31&column=received';
const NOW = encodeURIComponent(msToInstant(MORNING));
const codeOf = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

interface Node {
  readonly type?: string;
  readonly clean?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Every writable member of a schema, filled by `write`. */
function filled(node: Node, write: (node: Node) => string, except: readonly string[] = []): Record<string, unknown> {
  const members = Object.entries(node.properties ?? {}).flatMap(([name, one]) => {
    if (except.includes(name)) return [];
    const inner = one.items ?? one;
    const isWritten = inner.type === 'string' && !inner.enum && inner.clean !== 'instant' && !isCode(inner);
    const value = inner.properties ? filled(inner, write) : isWritten ? write(inner) : undefined;
    return value === undefined ? [] : [[name, one.items ? [value] : value] as const];
  });
  return Object.fromEntries(members);
}

const isCode = ({ pattern }: Node): boolean => pattern !== undefined && pattern !== '^[^\\s]+$';

/** Some members allow no blanks, or only short texts. */
function fitting(text: string): (node: Node) => string {
  return ({ pattern, maxLength = 20_000 }) => {
    const whole = `(${text}) - `;
    const taken = pattern === undefined ? whole : whole.replace(/\s+/g, '_');
    return (taken.length <= maxLength ? taken : taken.slice(0, maxLength)).trim();
  };
}

/** The spelling of `write` in every member of a dossier and of its steps. */
function planted(n: number, text: string): { readonly record: object; readonly step: object } {
  const { aliases: _, ...written } = filled(Dossier as unknown as Node, fitting(text), ['applicant', 'code']);
  return {
    record: dossier({ ...written, code: codeOf(n), applicant: PERSON }),
    step: progress({ ...filled(Progress as unknown as Node, fitting(text)), code: codeOf(n) }),
  };
}

/** What a record of a kind says of a person. */
const OF_RECORD = { name: PERSON.name, address: PERSON.address, phone: PERSON.phone, email: PERSON.email };

/** The same spelling in every member of a record of a kind, beside the person that it names. */
function plantedIn({ schema, people, path }: Kind, n: number, spell: (text: string) => string): object {
  // The mask covers what a record says of its people, and a payment names only the payer.
  const known = path === 'payments' ? { name: PERSON.name } : OF_RECORD;
  const text = Object.values(known).map(spell).join(' ; ');
  const sample = (SAMPLES[path] as (given: object) => Record<string, unknown>)({
    ...filled(schema as unknown as Node, fitting(path === 'ratings' ? '' : text), [
      ...people,
      'code',
      'dueAt',
      'criteria',
    ]),
    code: `${path}-${n}`,
    dossierCode: codeOf(2 * n),
  });
  const named = people.map((member) => [member, OF_RECORD]);
  const dated = ['answers', 'steps'].flatMap((name) => (sample[name] ? [[name, withMoments(sample[name])]] : []));
  return {
    ...sample,
    ...Object.fromEntries([...named, ...dated]),
    ...(path === 'payments' && { payer: known, items: priced(sample.items) }),
  };
}

const priced = (items: unknown): object[] => (items as object[]).map((item) => ({ ...item, amountVnd: 50_000 }));

const withMoments = (list: unknown): object[] =>
  (list as object[]).map((entry) => ({ at: '2025-08-20T09:00:00+07:00', ...entry }));

async function serve(answer: (request: http.IncomingMessage, body: string) => { status: number; body: string }) {
  const came: string[] = [];
  const server = http.createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    came.push(`${request.url} ${JSON.stringify(request.headers)} ${body}`);
    const { status, body: reply } = answer(request, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, came, close };
}

/** A partner that repeats the people it got, in its own spelling. */
function repeating() {
  const partner = testPartner();
  partner.script.push(
    ...Array(40).fill(async (items: readonly Outgoing[]) =>
      items.map((_, at) =>
        at % 2 === 0
          ? { kind: 'refused', reason: 'rejected', message: `QUACH THI TRUC MAI (${PERSON.phone}) đã có hồ sơ` }
          : { kind: 'delivered', note: `đã ghi cho ${encodeURIComponent(PERSON.name)}` },
      ),
    ),
  );
  return partner;
}

/** The quick tests write each fourth way. */
const SPELLED = Object.fromEntries(partOf(Object.entries(SPELLINGS), (_, at) => at % 4 === 0));

describe('readers without the scope for personal data', () => {
  let hub: TestHub;
  let collector: Awaited<ReturnType<typeof serve>>;
  let hook: Awaited<ReturnType<typeof serve>>;
  const planting = Object.entries(SPELLED).flatMap(([spelling, spell]) => [
    [spelling, spell(`${PERSON.name}`)] as const,
    [
      'address, e-mail and numbers',
      [PERSON.address, PERSON.email, PERSON.phone, PERSON.identityNumber, PERSON.techId].map(spell).join(' ; '),
    ] as const,
  ]);
  const codes = planting.map((_, n) => codeOf(n));

  beforeAll(async () => {
    collector = await serve(() => ({ status: 200, body: '{}' }));
    hook = await serve(() => ({ status: 204, body: '' }));
    hub = await testHub({
      keys: KEYS,
      logLevel: 'debug',
      partners: { hook: { sent: [], script: [], adapter: subscriber as unknown as Adapter }, ministry: repeating() },
      entries: { hook: { settings: { url: hook.url, secrets: [SIMULATOR_SECRET] } } },
      routes: ['dossier.upsert.v1', 'dossier.progress.v1', ...ALL_KINDS.map((kind) => kind.operation)].map(
        (operation) => ({
          from: 'one-stop',
          operation,
          to: ['hook', 'ministry'],
        }),
      ),
      traces: { url: `${collector.url}/v1/traces`, share: 1 },
    });
    for (const [n, [, text]] of planting.entries()) {
      const { record, step } = planted(n, text);
      const pushed = await hub.push(record);
      expect(pushed.results).toMatchObject([{ outcome: 'accepted' }]);
      expect((await hub.push(step, { what: 'progress' })).results).toMatchObject([{ outcome: 'accepted' }]);
    }
    for (const kind of ALL_KINDS)
      for (const [n, spell] of Object.values(SPELLED).entries()) {
        const pushed = await hub.push(plantedIn(kind, n, spell), { what: kind.path });
        expect([kind.path, n, pushed.results]).toMatchObject([kind.path, n, [{ outcome: 'accepted' }]]);
      }
    await pushWrongMembers();
    await hub.deliver();
    await hub.deliver();
  });
  afterAll(async () => {
    await Promise.all([collector.close(), hook.close()]);
  });

  /** Names and numbers in the place of list values, moments, codes and others; at three doors. */
  async function pushWrongMembers(): Promise<void> {
    const values = [...Object.values(PERSON), ...Object.values(SPELLED).map((spell) => spell(PERSON.name))];
    const wrong = Object.keys(Dossier.properties).flatMap((member) =>
      values.map((value) => dossier({ code: codeOf(11), [member]: value })),
    );
    const inside = ['documents', 'fees', 'supplements', 'results', 'aliases'].flatMap((member) =>
      Object.keys((Dossier as unknown as Node).properties?.[member]?.items?.properties ?? {}).map((name) =>
        dossier({ code: codeOf(9_000), [member]: [{ [name]: { [PERSON.name]: PERSON.phone } }] }),
      ),
    );
    const others = [
      dossier({ [PERSON.name]: 1 }),
      dossier({ applicant: { ...PERSON, [PERSON.phone]: 1 } }),
      dossier({ onlinePayment: 938_271_645, status: 38_195_027_364 }),
      PERSON.name,
      [PERSON.phone],
    ];
    for (let at = 0; at < wrong.length; at += 500) await hub.push(wrong.slice(at, at + 500));
    const invalid = await hub.push([...inside, ...others]);
    expect(invalid.results.every(({ outcome }) => outcome === 'invalid')).toBe(true);
    const steps = Object.keys(Progress.properties).map((member) => progress({ [member]: [PERSON.name] }));
    await hub.push(steps, { what: 'progress' });
    await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', `{"code": "${PERSON.name}"`);
    const { call } = await legacySystem(hub);
    const data = [
      'MaHoSo',
      'TrangThaiHoSo',
      'MaTTHC',
      'KenhThucHien',
      'NgayTiepNhan',
      'LoaiDoiTuong',
      'HinhThuc',
    ].flatMap((member) =>
      values.map((value) => ({
        MaHoSo: codeOf(9_001),
        MaTTHC: '1.013225',
        TenTTHC: 'Thử',
        MaLinhVuc: 'G15-HT01',
        KenhThucHien: '1',
        ChuHoSo: PERSON.name,
        NgayTiepNhan: '20250812081500',
        TrangThaiHoSo: '2',
        [member]: value,
      })),
    );
    await call('DongBoHoSoMC', { isUpdating: 'False', data });
  }

  async function reading(path: string, accept = '*/*'): Promise<string> {
    const response = await hub.request('GET', path, undefined, undefined, {
      Authorization: `Bearer ${READER.secret}`,
      Accept: accept,
    });
    // Some addresses of the catalogue and of receipts belong to another key or scope, or to nothing.
    const mayBeMissing = /\/(?:services|fields|files|agencies|receipts?|soap|public|compared|drops\/)\b/.test(path);
    if (!mayBeMissing) expect([path, response.status]).toEqual([path, 200]);
    return response.text();
  }

  const ids = async (list: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let cursor = ''; ; ) {
      const { items, next } = JSON.parse(await reading(`/api/v1/ops/${list}?limit=200${cursor}`));
      found.push(...items.map(({ id }: { id: string | number }) => String(id)));
      if (!next) return found;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
  };

  /** The value of each path parameter. A new parameter needs values here. */
  async function pathsOf(): Promise<readonly string[]> {
    const openApi = JSON.parse(await reading('/openapi.json'));
    const listed: Record<string, readonly string[]> = {
      party: ['one-stop', 'ministry', 'hook'],
      receipt: [(await hub.push(dossier({ dueAt: PERSON.name }))).receipt],
      name: ['dossier.upsert.v1.json', 'dossier.json'],
      report: REPORTS,
      '/ops/reports/report': [...REPORTS, 'asks'],
      // A receipt names its payer: only its signed address opens it, see payment-storm.test.ts.
      address: ['of.nobody'],
      // A file is personal data: files.test.ts has who may open it.
      hash: ['0'.repeat(64)],
      code: codes,
      '/services/code': ['1.013225'],
      '/fields/code': ['G15-HT01'],
      '/agencies/code': ['H60.01'],
      '/records/kind/code': ['questions-0', 'questions-5'],
      ...Object.fromEntries(ALL_KINDS.map(({ path }) => [`/${path}/code`, [`${path}-0`, `${path}-5`]])),
    };
    const lines = ['1', '2', '3', '4', '5', '9', '10'].map((from) => ({ from, to: 'resolved' }));
    const change = { party: 'one-stop', table: 'national-status', lines, why: 'vì kiểm thử' };
    const { id } = (await operatorOf(hub).post('mappings', change)).body;
    listed['/mappings/id'] = [String(id)];
    // None of these parties sends files: file-upload.test.ts reads one.
    listed['/drops/id'] = ['1'];
    listed.table = ['national-status'];
    for (const list of ['messages', 'deliveries', 'quarantine', 'replays', 'incidents'])
      listed[`/${list}/id`] = await ids(list);
    return Object.entries<{ get?: { parameters?: readonly { name: string; in: string }[] } }>(openApi.paths)
      .filter(([, { get }]) => get)
      .flatMap(([path, { get }]) => {
        const name = /\{(\w+)\}(?!.*\{)/.exec(path)?.[1];
        const key = Object.keys(listed).find(
          (one) => one.includes('/') && `${path.replace(/[{}]/g, '')}/`.includes(`${one}/`),
        );
        const values = name === undefined ? [''] : listed[key ?? name];
        if (!values) throw new Error(`say what stands in ${path}`);
        const whole = values.map((value) =>
          path
            .replace('{party}', /\{(?:receipt|table)\}/.test(path) ? 'one-stop' : '{party}')
            .replace('{kind}', 'question')
            .replace(/\{\w+\}(?!.*\{)/, encodeURIComponent(value)),
        );
        const asks = (get?.parameters ?? []).some((one) => one.name === 'limit');
        const isDrillDown = (get?.parameters ?? []).some((one) => one.name === 'column');
        const query = [
          ...(asks ? ['limit=200'] : []),
          ...(isDrillDown && !path.includes('/reports/') ? [DRILL_DOWN] : []),
          ...(path.includes('/reports/') ? ['period=2025'] : []),
          ...(path.endsWith('/compared') ? ['with=hook'] : []),
        ];
        if (path.endsWith('/reports/{report}/records'))
          return Object.entries(NUMBERS).map(
            ([report, column]) => `${path.replace('{report}', report)}?${query.join('&')}&column=${column}`,
          );
        return whole.map((one) => (query.length > 0 ? `${one}?${query.join('&')}` : one));
      });
  }

  test.each(Object.keys(SPELLED).map((spelling, at) => [spelling, at] as const))(
    'see a name %s masked in every member of a dossier and of its steps',
    async (spelling, at) => {
      for (const [kind, n] of [
        ['name', 2 * at],
        ['the rest', 2 * at + 1],
      ] as const)
        for (const what of ['', '/history', `?at=${NOW}`]) {
          const text = await reading(`/api/v1/dossiers/${codes[n]}${what}`);
          expect([spelling, kind, what, canariesIn(text)]).toEqual([spelling, kind, what, []]);
        }
    },
  );

  /** The quick tests read every fourth address. */
  const isInSample = (_: string, at: number): boolean => at % 4 === 0;

  test('see no personal data at any address of the interface, however it was written', async () => {
    const paths = (await pathsOf()).filter((path) => path !== '/api/v1/events');
    expect(paths.length).toBeGreaterThan(10 * codes.length);
    const told: string[] = [];
    for (const path of partOf(paths, isInSample)) {
      const linked = path.startsWith('/api/v1/services') ? await reading(path, 'application/ld+json') : '';
      const found = canariesIn((await reading(path)) + linked);
      if (found.length > 0) told.push(`${path}: ${found.join(', ')}`);
    }
    expect(told).toEqual([]);
  }, 240_000);

  test('see no personal data in filtered lists, statistics and the past', async () => {
    const by = `?${DRILL_DOWN}&limit=200`;
    const paths = [
      '/api/v1/dossiers?agency=H60.01&limit=200',
      `/api/v1/statistics/dossiers${by}`,
      `/api/v1/statistics/dossiers${by}&by=agency&key=H60.01`,
      ...codes.map((code) => `/api/v1/dossiers/${code}?at=${NOW}`),
      '/api/v1/changes?limit=200',
      '/api/v1/ops/messages?outcome=invalid&limit=200',
      '/api/v1/ops/quarantine?kind=unmapped&limit=200',
    ];
    for (const path of paths) {
      const text = await reading(path);
      expect([path, canariesIn(text)]).toEqual([path, []]);
    }
    expect(JSON.parse(await reading(paths[0] as string)).items.length).toBeGreaterThanOrEqual(codes.length);
    expect(JSON.parse(await reading(paths[1] as string)).items.length).toBeGreaterThan(5);
    // The answer stays useful: the agency, the officer's words, and a recognisable mask.
    const one = JSON.parse(await reading(`/api/v1/dossiers/${codes[0]}`));
    expect(one.applicant.name).toBe('Q**** T** T*** M**');
    expect(one.abstract).toBe('(Q**** T** T*** M**) -');
  });

  test('see no personal data in the event feed, the snapshot and a copy', async () => {
    const { items } = JSON.parse(await reading('/api/v1/changes?limit=200'));
    const events = await hub.request('GET', '/api/v1/events', undefined, undefined, {
      Authorization: `Bearer ${READER.secret}`,
      'Last-Event-ID': items[0].cursor,
    });
    const reader = events.body?.getReader();
    let told = '';
    while (!told.includes(codes[5] as string)) told += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    expect(canariesIn(told)).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-privacy-'));
    try {
      const copy = await openCopy({
        from: 'http://hub.example.test',
        key: SECRETS.portal,
        folder,
        nowMs: () => hub.clock.nowMs,
        log: pino({ level: 'silent' }),
        fetch: async (url, init) => {
          const { pathname, search } = new URL(url);
          return hub.hub.app.request(`${pathname}${search}`, init);
        },
      });
      while (await copy.round(0));
      await copy.close();
      const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
      expect(files.join('')).toContain(codes[0]);
      expect(files.flatMap((text) => canariesIn(text))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('see no personal data on the pages of the console and of the public', async () => {
    const officer = officerAt(hub);
    expect((await officer.signIn('reader')).status).toBe(200);
    const [deliveries, messages] = [(await ids('deliveries')).slice(-40), (await ids('messages')).slice(0, 40)];
    // The last one was planted with names in the place of codes.
    const found = codes.filter((code) => code !== codeOf(11));
    const filled = [
      ...deliveries.flatMap((id) => [`/console/deliveries/${id}`, `/console/deliveries/${id}/wire`]),
      ...messages.flatMap((id) => [`/console/messages/${id}`, `/console/messages/${id}/body`]),
      ...(await ids('incidents')).map((id) => `/console/incidents/${id}`),
      ...(await ids('quarantine')).map((id) => `/console/quarantine/${id}`),
      ...['question', 'petition'].flatMap((kind) =>
        Object.keys(SPELLED).map((_, n) => `/console/records/${kind}/${kind}s-${n}`),
      ),
      ...REPORTS.map((report) => `/console/reports/${report}?period=2025-Q3&format=csv`),
      ...Object.entries(NUMBERS).map(
        ([report, column]) => `/console/reports/${report}/records?period=2025-Q3&column=${column}`,
      ),
      ...codes.map((code) => `/console/dossiers?code=${code}`),
      ...found.flatMap((code) => [`/api/public/dossiers/${code}?proof=1645`, `POST / ${code}`]),
    ];
    const routes = (hub.hub.app as unknown as { routes: readonly { method: string; path: string }[] }).routes
      .filter(({ method, path }) => method === 'GET' && !path.startsWith('/api') && !path.includes('*'))
      .map(({ path }) => path.replace(/:\w+/g, 'one-stop'));
    let citizens = 0;
    const pageOf = (path: string) => {
      if (!/^POST|proof=/.test(path)) return officer.get(path);
      // One citizen may look up a few dossiers only.
      const citizen = officerAt(hub, `203.0.113.${++citizens}`);
      const [, code] = path.split('POST / ');
      return code === undefined ? citizen.get(path) : citizen.post('/', { code, proof: '1645' });
    };
    const told: string[] = [];
    for (const path of partOf([...new Set([...routes, ...filled])], isInSample)) {
      const { status, text } = await pageOf(path);
      if (status !== 200 && filled.includes(path)) told.push(`${path}: ${status}`);
      // A citizen with the right proof gets these addresses whole, because a masked address leads nowhere.
      const canaries = canariesIn(text.replace(/"(?:payUrl|receiptUrl)":"[^"]*"/g, ''));
      if (canaries.length > 0) told.push(`${path}: ${canaries.join(', ')}`);
    }
    expect(told).toEqual([]);
  }, 120_000);

  test('see no personal data in webhooks, exports, evidence and metrics', async () => {
    expect(hook.came.length).toBeGreaterThan(10);
    expect(hook.came.flatMap((text) => canariesIn(text))).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-privacy-'));
    const env = { DATABASE_URL: hub.databaseUrl, HUB_SECRET };
    try {
      for (const name of ['out.ndjson', 'out.json', 'out.csv']) {
        const ran = await lienthongHere(['export', name], env, folder);
        expect(ran.code, ran.errors).toBe(0);
        const written = readFileSync(join(folder, name), 'utf8');
        expect(written).toContain(codes[0]);
        expect([name, canariesIn(written + ran.out + ran.errors)]).toEqual([name, []]);
      }
      const ran = await lienthongHere(['evidence', codes[0] as string, 'one.jws'], env, folder);
      expect(ran.code, ran.errors).toBe(0);
      expect(canariesIn(readFileSync(join(folder, 'one.jws'), 'utf8'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(canariesIn(await reading('/metrics'))).toEqual([]);
  }, 60_000);

  test('find no personal data in clear in the database', async () => {
    const client = new pg.Client({ connectionString: hub.databaseUrl });
    await client.connect();
    const { rows: tables } = await client.query(`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname = 'public'`);
    const told: string[] = [];
    for (const { name } of tables) {
      // Sealed columns are bytea, and search words are another matter.
      const { rows } = await client.query(`SELECT to_jsonb(t) - 'search' AS row FROM ${name} t`);
      for (const { row } of rows) {
        const clear = Object.entries(row).filter(([, value]) => typeof value !== 'string' || !value.startsWith('\\x'));
        for (const [column, value] of clear) {
          const found = canariesIn(JSON.stringify(value));
          if (found.length > 0) told.push(`${name}.${column}: ${found.join(', ')}`);
        }
      }
    }
    await client.end();
    expect([...new Set(told)]).toEqual([]);
  }, 120_000);

  // Must be last: it closes the hub, so that all traces are written.
  test('see no personal data in logs at the level debug, and in traces', async () => {
    await hub.close();
    expect(hub.logLines.length).toBeGreaterThan(100);
    expect(hub.logLines.filter((line) => canariesIn(JSON.stringify(line)).length > 0)).toEqual([]);
    expect(collector.came.length).toBeGreaterThan(0);
    expect(collector.came.filter((text) => canariesIn(text).length > 0)).toEqual([]);
  });
});

describe('masking', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ keys: KEYS });
  });
  afterAll(() => hub.close());

  const readBy = async (keyId: 'portal' | 'personal', path: string) => (await hub.read(path, keyId)).body;
  const operator = (path: string) =>
    hub.request('GET', `/api/v1/ops/${path}`, undefined, undefined, { Authorization: `Bearer ${READER.secret}` });

  unsampled('leaves officers, offices and words alone that a name may be a part of', async () => {
    const code = codeOf(101);
    const said = {
      agencyName: 'Công an xã Bình An',
      processingUnit: 'Tổ An Bình',
      abstract: 'Xác nhận an toàn cho Mai Thị An',
      note: 'Hồ sơ H60.01-250812-0101, phí 200.000 đồng',
      databases: ['CSDL dân cư'],
      supplements: [{ requestedBy: 'Trần Thị B', content: 'Bổ sung giấy tờ' }],
    };
    await hub.push(dossier({ ...said, code, applicant: { name: 'An', phone: '0200000' } }));
    await hub.push(progress({ code, actor: 'Mai Thị An', unit: 'Công an xã' }), { what: 'progress' });
    expect(await readBy('portal', `/api/v1/dossiers/${code}`)).toMatchObject({ ...said, applicant: { name: 'A*' } });
    const { items } = await readBy('portal', `/api/v1/dossiers/${code}/history`);
    expect(items.at(-1)).toMatchObject({ actor: 'Mai Thị An', unit: 'Công an xã' });
  });

  unsampled('covers earlier applicants of the dossier too, in all texts', async () => {
    const code = codeOf(102);
    const later = (day: number) => ({ code, statusAt: `2025-08-${day}T08:00:00+07:00` });
    const said = { note: `Giấy tờ của bà ${PERSON.name}`, documents: [{ name: 'quach_thi_truc_mai.pdf' }] };
    await hub.push(dossier({ ...later(12), applicant: PERSON, ...said }));
    // Corrected twice; neither correction mentions the note and the documents.
    await hub.push(dossier({ ...later(13), applicant: { ...PERSON, name: 'Lường Văn Pản' } }));
    await hub.push(dossier({ ...later(14), applicant: { name: 'Vàng A Tủa', phone: '0900000003' } }));
    await hub.push(progress({ code, at: '2025-08-15T08:00:00+07:00' }), { what: 'progress' });
    for (const path of ['', '/history', `?at=${NOW}`]) {
      const body = await readBy('portal', `/api/v1/dossiers/${code}${path}`);
      expect([path, canariesIn(JSON.stringify(body))]).toEqual([path, []]);
      expect(JSON.stringify(body)).toContain('Giấy tờ của bà Q**** T** T*** M**');
    }
    expect((await readBy('personal', `/api/v1/dossiers/${code}`)).note).toBe(said.note);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
  });

  unsampled('covers the addresses of documents and results, so that they open no file', async () => {
    const code = codeOf(103);
    const given = {
      documents: [
        { id: 'a', name: 'Tờ khai', url: 'https://kho.example.test/a.pdf?x="\\"', digitised: true },
        { url: 'https://kho.example.test/b.pdf' },
        { id: 'https://kho.example.test/c.pdf', name: 'Đơn' },
      ],
      results: [{ code: 'KQ-1', url: 'https://kho.example.test/kq.pdf' }],
    };
    for (const more of [{}, { note: `Trả cho ${PERSON.name}` }, { applicant: undefined }]) {
      const { applicant = PERSON, ...rest } = more as { applicant?: object };
      await hub.push(
        dossier({
          code,
          ...given,
          statusAt: '2025-08-14T08:00:00+07:00',
          ...('applicant' in more ? {} : { applicant }),
          ...rest,
        }),
      );
      const shown = await readBy('portal', `/api/v1/dossiers/${code}`);
      expect(shown.documents).toEqual([{ id: 'a', name: 'Tờ khai', digitised: true }, {}, { name: 'Đơn' }]);
      expect(shown.results).toEqual([{ code: 'KQ-1' }]);
    }
    expect(await readBy('personal', `/api/v1/dossiers/${code}`)).toMatchObject(given);
    // A sender that returns masked values removes nothing.
    const { freshness, ...read } = await readBy('portal', `/api/v1/dossiers/${code}`);
    await hub.push({ ...read, statusAt: '2025-08-15T08:00:00+07:00' });
    expect(await readBy('personal', `/api/v1/dossiers/${code}`)).toMatchObject(given);
  });

  unsampled('covers values in wrong members for operators, and not in the reply to the sender', async () => {
    const wrong = dossier({
      code: codeOf(104),
      status: PERSON.phone,
      dueAt: PERSON.name,
      channel: 'fax',
      receivedAt: '2025-02-30',
    });
    const { results, receipt } = await hub.push([wrong, dossier({ code: PERSON.name })]);
    expect(results[0]?.problems?.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('"0938 271 645"'),
        expect.stringContaining('"Quách Thị Trúc Mai"'),
      ]),
    );
    expect(results[1]?.code).toBe('QUÁCH THỊ TRÚC MAI');
    const { items } = (await (await operator(`messages?receipt=${receipt}`)).json()) as { items: { id: string }[] };
    const kept = (await (await operator(`messages/${items[0]?.id}`)).json()) as { results: typeof results };
    expect(kept.results.map(({ code }) => code)).toEqual([codeOf(104), 'AAAAA AAA AAAA AAA']);
    expect(
      Object.fromEntries(kept.results[0]?.problems?.map(({ path, message }) => [path, message.split(',')[0]]) ?? []),
    ).toEqual({
      '/status': 'got "9999 999 999"',
      '/dueAt': 'got "Aaaaa Aaa Aaaa Aaa"',
      '/channel': 'got "aaa"',
      '/receivedAt': 'got "2025-02-30"',
    });
    const officer = officerAt(hub);
    await officer.signIn('reader');
    const { text } = await officer.get(`/console/messages/${items[0]?.id}`);
    expect(text.replaceAll('&quot;', '"')).toContain('nhận được "9999 999 999", cần một trong: submitted');
  });

  unsampled('covers the path and the content type of refused requests, in every table and list', async () => {
    const headers = {
      'Content-Type': `application/json; charset=utf-8; name="${encodeURIComponent(PERSON.name)}.json"`,
    };
    for (const said of [PERSON.name, PERSON.phone, PERSON.identityNumber, PERSON.email])
      for (const path of [
        `/api/v1/parties/${encodeURIComponent(said)}/dossiers`,
        `/soap/v1/${encodeURIComponent(said)}`,
      ])
        expect((await hub.request('POST', path, 'one-stop', '{}', headers)).status).toBeGreaterThan(399);
    const list = await operator('messages?outcome=refused&limit=200');
    const { items } = (await list.json()) as { items: { party: string; mediaType: string }[] };
    expect(items.map(({ party }) => party)).toEqual(expect.arrayContaining(['Aaaaa Aaa Aaaa Aaa', '9999 999 999']));
    expect(new Set(items.map(({ mediaType }) => mediaType))).toEqual(new Set(['application/json; charset=utf-8']));
    expect(canariesIn(JSON.stringify(items))).toEqual([]);
    for (const { place, text } of await dumpOf(hub.hub.database.pool, createVault([HUB_SECRET])))
      if (/^(?:messages|flow_totals)\./.test(place) && place !== 'messages.body')
        expect([place, canariesIn(text)]).toEqual([place, []]);
    expect(hub.logLines.flatMap((line) => canariesIn(JSON.stringify(line)))).toEqual([]);
  });

  unsampled('covers bodies that the hub cannot read as records: names of members, sentences and pages', async () => {
    const said = `Bà ${PERSON.name} (${PERSON.phone}) đã có hồ sơ`;
    const bodies = [
      { [PERSON.name]: 1, rows: [{ [PERSON.email]: 2, [`${PERSON.phone}`]: 3 }], Cot4: PERSON.name.toUpperCase() },
      { error: { message: said } },
      said,
      `<html><body><p>${said}</p></body></html>`,
    ];
    for (const body of bodies) {
      const sent = typeof body === 'string' && body.startsWith('<') ? body : JSON.stringify(body);
      await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', sent);
      const { items } = (await operatorOf(hub).get('messages?limit=1')).body;
      const shown = (await operatorOf(hub).get(`messages/${items[0].id}`)).body;
      expect(shown.body.text).not.toBe('');
      expect([sent, canariesIn(JSON.stringify(shown))]).toEqual([sent, []]);
      const whole = (await operatorOf(hub).get(`messages/${items[0].id}`, 'ops-personal')).body;
      expect(canariesIn(whole.body.text)).toContain('name');
    }
  });

  unsampled('covers people in the errors of an adapter that fails, and of a pull', async () => {
    const said = `cannot read "${PERSON.name}" of ${PERSON.phone}`;
    const puller = {
      schedule: '0 0 1 1 *',
      next: async () => ({ kind: 'unavailable', reason: 'down', message: said }),
      read: () => [],
    };
    const partner = testPartner({ pull: { dossiers: puller as never } });
    partner.script.push(
      () => Promise.reject(new Error(said)),
      async () => JSON.parse(`{"ten": ${PERSON.name}, "sdt": "${PERSON.phone}"}`),
    );
    const other = await testHub({
      keys: KEYS,
      partners: { ministry: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['ministry'] }],
    });
    await other.push([dossier({ code: codeOf(1) }), dossier({ code: codeOf(2) })]);
    await other.deliver();
    await makePullsDue(other.hub.database, 'ministry', ['dossiers'], other.clock.nowMs);
    await other.hub.pipeline.pull('ministry', 'dossiers');
    const failed = other.logLines.filter(({ msg }) => msg === 'failed');
    expect(failed.map(({ error }) => error)).toEqual([
      'cannot read "Q**** T** T*** M**" of **********45',
      expect.stringMatching(/^Unexpected token .{1,8}, … is not valid JSON$/),
    ]);
    for (const { stack } of failed) expect(stack).toContain('privacy.test.ts');
    expect(JSON.stringify(other.logLines)).not.toMatch(/Quách|271.?645/);
    expect(JSON.stringify(await dumpOf(other.hub.database.pool, createVault([HUB_SECRET])))).not.toMatch(
      /Quách|271.?645/,
    );
    const { items } = (await operatorOf(other).get('parties', 'ops-read')).body;
    const { lastError } = items.find(({ party }: { party: string }) => party === 'ministry');
    expect(lastError.detail).toBe('cannot read "Q**** T** T*** M**" of **********45');
    await other.close();
  });

  unsampled('covers numbers of people whom only the partner names, in its errors', async () => {
    const partner = testPartner();
    const message = `trùng với hồ sơ của số ${PERSON.phone}, CCCD ${PERSON.identityNumber}, thư ${PERSON.email}`;
    partner.script.push({ kind: 'refused', reason: 'wrong', message });
    const other = await testHub({
      keys: KEYS,
      partners: { ministry: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['ministry'] }],
    });
    await other.push(dossier());
    await other.deliver();
    const { items } = (await operatorOf(other).get('deliveries', 'ops-read')).body;
    expect(items[0].detail).toMatch(/^trùng với hồ sơ của số \*+45, CCCD \*+64, thư \*+st$/);
    expect(canariesIn(JSON.stringify(await dumpOf(other.hub.database.pool, createVault([HUB_SECRET]))))).toEqual([]);
    await other.close();
  });

  unsampled('covers wrong values that an older hub stored, when operators read them', async () => {
    const { receipt } = await hub.push(dossier({ code: codeOf(105), dueAt: 'x' }));
    const results = [
      {
        index: 0,
        code: PERSON.name,
        outcome: 'invalid',
        problems: [{ path: '/dueAt', message: `got "${PERSON.name}", expected a time` }],
      },
    ];
    await hub.hub.database.pool.query('UPDATE messages SET results = $1 WHERE receipt = $2', [
      JSON.stringify(results),
      receipt,
    ]);
    const { items } = (await (await operator(`messages?receipt=${receipt}`)).json()) as { items: { id: string }[] };
    expect(canariesIn(await (await operator(`messages/${items[0]?.id}`)).text())).toEqual([]);
  });

  inDepth('uses the present rule for rows of an older hub, before and after they are rewritten', async () => {
    const code = codeOf(106);
    const alias = 'OLD-106';
    await hub.push(dossier({ code, applicant: PERSON, aliases: [{ party: 'one-stop', code: alias }], note: 'Chờ' }));
    await hub.push(
      dossier({
        code,
        statusAt: '2025-08-13T08:00:00+07:00',
        applicant: { ...PERSON, name: 'Lường Văn Pản' },
        note: `cho ${encodeURIComponent(PERSON.name)}`,
      }),
    );
    const paths = [
      `/api/v1/dossiers/${code}`,
      `/api/v1/dossiers/${alias}`,
      '/api/v1/dossiers?limit=200',
      `/api/public/dossiers/${code}?proof=1645`,
    ];
    const whole = async () =>
      Promise.all([
        ...paths.map(async (path) => (await hub.request('GET', path, 'portal')).text()),
        (await hub.request('GET', '/api/v1/snapshot', 'portal')).text(),
      ]);
    const etag = async () => (await hub.read(paths[0] as string)).headers.get('etag');
    const [before, tag] = [await whole(), await etag()];
    const { pool } = hub.hub.database;
    const stale = () =>
      pool.query(
        `UPDATE dossiers SET masked = replace(masked, '"note":"cho ', '"processingUnit":"${PERSON.name}","note":"${PERSON.name} cho '),
           mask_of = 0, former = NULL, former_key = NULL WHERE code = $1`,
        [code],
      );
    await stale();
    expect(await whole()).toEqual(before.map((text, at) => (at === 4 ? expect.any(String) : text)));
    expect(canariesIn((await whole()).join('\n'))).toEqual([]);
    expect(await etag()).toBe(tag);
    // If the record cannot be decrypted any more, none of its texts is shown.
    await pool.query('UPDATE dossiers SET sealed_key = sealed_key + 1 WHERE code = $1', [code]);
    expect(canariesIn((await whole()).join('\n'))).toEqual([]);
    expect((await hub.read(paths[0] as string)).body).toMatchObject({ code, note: '***', status: 'received' });
    await pool.query('UPDATE dossiers SET sealed_key = sealed_key - 1 WHERE code = $1', [code]);

    await maskStale(hub.hub.database, createVault([HUB_SECRET]));
    const { rows } = await pool.query(
      'SELECT masked, mask_of = version AS fresh, former IS NOT NULL AS former FROM dossiers WHERE code = $1',
      [code],
    );
    expect(rows).toMatchObject([{ fresh: true, former: true }]);
    expect(canariesIn(rows[0].masked)).toEqual([]);
    expect(await etag()).toBe(tag);
    await stale();
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
  });

  unsampled('masks a dossier of a thousand versions again without loading them all at once', async () => {
    const code = codeOf(107);
    await hub.push(dossier({ code, applicant: PERSON }));
    const applicant = { kind: 'citizen', name: 'Lường Văn Pản' };
    await hub.push(dossier({ code, applicant, statusAt: '2025-08-13T08:00:00+07:00' }));
    const { pool } = hub.hub.database;
    await pool.query(
      `INSERT INTO events SELECT made.* FROM events e, generate_series(3, 1000) n,
         jsonb_populate_record(e, jsonb_build_object('seq', n)) made WHERE e.code = $1 AND e.seq = 2`,
      [code],
    );
    await pool.query('UPDATE dossiers SET mask_of = 0, former = NULL, former_key = NULL WHERE code = $1', [code]);
    const sent = vi.spyOn(pool, 'query');
    await maskStale(hub.hub.database, createVault([HUB_SECRET]));
    const answers = (await Promise.all(sent.mock.results.map(({ value }) => value))) as { rows: object[] }[];
    sent.mockRestore();
    expect(Math.max(...answers.map(({ rows }) => rows.length))).toBe(200);
    const { rows } = await pool.query('SELECT former IS NOT NULL AS former FROM dossiers WHERE code = $1', [code]);
    expect(rows).toEqual([{ former: true }]);
  });
});
